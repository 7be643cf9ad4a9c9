import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  agentConfigSchema,
  agentRights,
  batchRecords,
  createTrust,
  decodeBatch,
  deriveAgentKey,
  downSigner,
  downSubject,
  generateDownSecret,
  generateNkey,
  HEADER,
  inboxPrefix,
  macVerifies,
  mintUserJwt,
  natsTrustConf,
  serviceRights,
  type AgentRecord,
  type Batch,
  type Nkey,
  type OpenSnapshot,
} from '@process-meter/contract';
import { freePort, startNats, supervise, type LocalNats, type Supervised } from '@process-meter/local';
import { writeIdentity } from '../enrol/identity.ts';

/** A real NATS server with the real rights, an agent's identity, and the Manager's side of the wire played by the test. */
export interface Bench {
  stateDir: string;
  nats: LocalNats;
  /** Everything that arrived and verified, in order of arrival; a batch that comes again is there again. */
  batches: Batch[];
  records(): AgentRecord[];
  open(): OpenSnapshot | null;
  presence: unknown[];
  configure(revision: number, executables: Record<string, string>): Promise<void>;
  /** Tells the agent that all of its records that arrived are committed. */
  commit(): void;
  startAgent(env?: Record<string, string>): Promise<Supervised>;
  stopNats(signal: NodeJS.Signals): Promise<void>;
  resumeNats(): Promise<void>;
  close(): Promise<void>;
}

const ACCOUNT = 'default';
const MAIN = join(import.meta.dirname, '..', 'main.ts');

export async function testBench(): Promise<Bench> {
  const stateDir = mkdtempSync(join(tmpdir(), 'pm-agent-'));
  const storeDir = mkdtempSync(join(tmpdir(), 'pm-nats-'));
  const trust = createTrust(Date.now());
  const port = await freePort();
  const start = (): Promise<LocalNats> =>
    startNats({ storeDir, port, trust: (jwtDir) => natsTrustConf(trust, jwtDir) });
  let nats = await start();
  const agent = [...randomBytes(12)].map((byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte & 31]).join('');
  const master = randomBytes(32);
  const secret = generateDownSecret();
  const signer = downSigner('k1', secret);
  const key = deriveAgentKey(master, 'm1', agent);
  await writeAgentIdentity(stateDir, { agent, port, trust: trust.account, key, publicKey: signer.publicKey });
  const connection = await managerConnection(nats.url, trust.account);
  const js = jetstream(connection);
  await makeStreams(connection);
  const batches: Batch[] = [];
  const presence: unknown[] = [];
  const reading = readBatches(connection, key, batches);
  connection.subscribe('hb.*.*', { callback: (_, message) => void presence.push(message.json()) });
  let issued = Date.now();
  const head = (): { to: string; issuedAt: number; expiresAt: number } => {
    issued = Math.max(issued + 1, Date.now());
    return { to: agent, issuedAt: issued, expiresAt: Date.now() + 3_600_000 };
  };
  const running = new Set<Supervised>();
  return {
    stateDir,
    get nats() {
      return nats;
    },
    batches,
    records: () => [...new Map(batches.flatMap(batchRecords).map((record) => [record.seq, record])).values()],
    open: () => batches.findLast((batch) => batch.open !== null)?.open ?? null,
    presence,
    async configure(revision, executables) {
      const config = agentConfigSchema.parse({
        revision,
        sendEveryMs: 1000,
        presenceEveryMs: 1000,
        hashKey: 'a-hash-key-of-the-test',
        applications: Object.entries(executables).map(([slug, executable], i) => ({
          id: 100 * revision + i,
          slug,
          name: slug,
          rules: [{ executable }],
          inactiveAfterMs: 5000,
          timeoutAfterMs: 60_000,
        })),
      });
      const sealed = signer.seal({ type: 'config', ...head(), config });
      await js.publish(`$KV.config.${ACCOUNT}.${agent}`, sealed);
      connection.publish(downSubject(ACCOUNT, agent), sealed);
    },
    commit() {
      const epoch = batches.at(-1)!.epoch;
      const last = Math.max(...batches.filter((b) => b.epoch === epoch).map((b) => b.firstSeq + b.count - 1));
      connection.publish(
        downSubject(ACCOUNT, agent),
        signer.seal({ type: 'mark', ...head(), epoch, committed: [[1, last]] }),
      );
    },
    async startAgent(env = {}) {
      const child = await supervise(process.execPath, [MAIN], {
        env: {
          ...process.env,
          PM_MANAGER_URL: 'http://127.0.0.1:9',
          PM_STATE_DIR: stateDir,
          PM_LOG_LEVEL: 'warn',
          ...env,
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      running.add(child);
      void child.ended.then(() => running.delete(child));
      return child;
    },
    async stopNats(signal) {
      await nats.kill(signal);
    },
    async resumeNats() {
      nats = await start();
    },
    async close() {
      await Promise.all([...running].map((child) => child.kill('SIGKILL')));
      await connection.close();
      await reading;
      await nats.stop();
      rmSync(stateDir, { recursive: true, force: true });
      rmSync(storeDir, { recursive: true, force: true });
    },
  };
}

function writeAgentIdentity(
  stateDir: string,
  of: { agent: string; port: number; trust: Nkey; key: Buffer; publicKey: string },
): Promise<void> {
  const nkey = generateNkey('user');
  const expiresAt = Date.now() + 86_400_000;
  const user = {
    publicKey: nkey.publicKey,
    name: of.agent,
    rights: agentRights(ACCOUNT, of.agent),
    expiresAt,
  };
  return writeIdentity(stateDir, {
    v: 1,
    managerUrl: 'http://127.0.0.1:9',
    seed: nkey.seed,
    enrolled: {
      agent: of.agent,
      account: ACCOUNT,
      servers: [`nats://127.0.0.1:${of.port}`],
      jwt: mintUserJwt(of.trust, user, Date.now()),
      jwtExpiresAt: expiresAt,
      macKid: 'm1',
      macKey: of.key.toString('base64url'),
      trusted: [{ kid: 'k1', key: of.publicKey, types: ['config', 'mark', 'watch', 'credentials'] }],
    },
  });
}

function managerConnection(url: string, account: Nkey): Promise<NatsConnection> {
  const key = generateNkey('user');
  const jwt = mintUserJwt(
    account,
    { publicKey: key.publicKey, name: 'manager', rights: serviceRights('manager') },
    Date.now(),
  );
  return connect({
    servers: url,
    inboxPrefix: inboxPrefix('manager'),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    authenticator: (nonce) => ({
      jwt,
      nkey: key.publicKey,
      sig: key.sign(Buffer.from(nonce ?? '')).toString('base64url'),
    }),
  });
}

async function makeStreams(connection: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'REC', subjects: ['rec.*.*'] });
  await manager.streams.add({
    name: 'KV_config',
    subjects: ['$KV.config.>'],
    allow_direct: true,
    max_msgs_per_subject: 1,
  });
}

/**
 * Reads the stream message by message until the connection ends; every batch must verify. A consumer would notice a
 * server that was away only after its heartbeat, long after the messages are there.
 */
async function readBatches(connection: NatsConnection, key: Buffer, batches: Batch[]): Promise<void> {
  const { streams } = await jetstreamManager(connection, { checkAPI: false, timeout: 1000 });
  for (let seq = 1; !connection.isClosed();) {
    const message = await streams.getMessage('REC', { seq }).catch(() => null);
    if (message === null) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    seq += 1;
    const header = (name: string): string => message.header.get(name);
    const input = {
      subject: message.subject,
      epoch: Number(header(HEADER.epoch)),
      seq: Number(header(HEADER.seq)),
      body: message.data,
    };
    if (!macVerifies(key, header(HEADER.mac), input)) throw new Error('a batch does not verify');
    batches.push(decodeBatch(message.data, header(HEADER.encoding)));
  }
}

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import {
  agentRights,
  deriveAgentKey,
  encodeBatch,
  generateNkey,
  HEADER,
  inboxPrefix,
  macHeader,
  mintUserJwt,
  recordSubject,
  type AgentRecord,
  type OpenSnapshot,
} from '@process-meter/contract';
import { freePort, startNats, type LocalNats } from '@process-meter/local';
import { z } from 'zod';
import { MANAGED_STREAMS } from '../hub/streams.ts';
import { initSecrets, natsAuthenticator, readSecrets, type Secrets } from '../nats-trust/index.ts';
import { testDatabase, type TestDatabase } from './template-db.ts';

/** A real database, a real NATS server with the real rights, and an account with one application. */
export interface TestChain {
  database: TestDatabase;
  nats: LocalNats;
  secretsDir: string;
  secrets: Secrets;
  account: number;
  application: number;
  enrol(): Promise<TestAgent>;
  /** Kills the NATS server and starts it again on its data. */
  restartNats(signal?: NodeJS.Signals): Promise<void>;
  /** Kills the NATS server and starts it again without its data. */
  emptyNats(): Promise<void>;
  close(): Promise<void>;
}

/** An agent as NATS sees it, without a desktop. */
export interface TestAgent {
  id: number;
  name: string;
  epoch: number;
  connection: NatsConnection;
  subject: string;
  key: Buffer;
  kid: string;
  /** Publishes a batch and waits for the stream to have it. */
  send(records: readonly AgentRecord[], open?: OpenSnapshot | null, messageId?: string): Promise<void>;
}

const ACCOUNT = 'default';

export async function testChain(serverUrl: string): Promise<TestChain> {
  const database = await testDatabase(serverUrl);
  const secretsDir = mkdtempSync(join(tmpdir(), 'pm-secrets-'));
  const storeDir = mkdtempSync(join(tmpdir(), 'pm-nats-'));
  initSecrets(secretsDir, Date.now());
  const secrets = readSecrets(secretsDir);
  const trust = (jwtDir: string): string =>
    readFileSync(join(secretsDir, 'nats-trust.conf'), 'utf8').replaceAll('"./jwt"', JSON.stringify(jwtDir));
  const port = await freePort();
  let nats = await startNats({ storeDir, port, trust });
  const { account, application } = await seed(database);
  await makeStreams(nats.url, secrets);
  const agents: TestAgent[] = [];
  return {
    database,
    get nats() {
      return nats;
    },
    secretsDir,
    secrets,
    account,
    application,
    async enrol() {
      const agent = await enrolAgent(nats.url, { database, secrets, account });
      agents.push(agent);
      return agent;
    },
    async restartNats(signal = 'SIGKILL') {
      await nats.kill(signal);
      nats = await startNats({ storeDir, port, trust });
    },
    async emptyNats() {
      await nats.kill('SIGKILL');
      rmSync(storeDir, { recursive: true });
      mkdirSync(storeDir);
      nats = await startNats({ storeDir, port, trust });
    },
    async close() {
      await Promise.all(agents.map((agent) => agent.connection.close()));
      await nats.stop();
      await database.drop();
      rmSync(secretsDir, { recursive: true });
      rmSync(storeDir, { recursive: true });
    },
  };
}

async function seed(database: TestDatabase): Promise<{ account: number; application: number }> {
  const { rows } = await database.pool.query<{ account: number; application: number }>(`
    with a as (insert into account (slug, name, hash_key) values ('${ACCOUNT}', 'Default', 'a-hash-key-of-a-test') returning id)
    insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
      busy_cpu_share, title_privacy, path_privacy, revision)
    select id, 'draw', 'Draw', '[{"executable": "draw"}]', 60000, 900000, false, 0.4, 'keep', 'keep', 1 from a
    returning account_id as account, id as application`);
  return rows[0]!;
}

async function makeStreams(url: string, secrets: Secrets): Promise<void> {
  const connection = await connect({
    servers: url,
    authenticator: natsAuthenticator(secrets.manager),
    inboxPrefix: inboxPrefix('manager'),
  });
  const manager = await jetstreamManager(connection);
  for (const stream of MANAGED_STREAMS) await manager.streams.add(stream);
  await connection.close();
}

async function enrolAgent(
  url: string,
  of: { database: TestDatabase; secrets: Secrets; account: number },
): Promise<TestAgent> {
  const name = [...randomBytes(12)].map((byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte & 31]).join('');
  const nkey = generateNkey('user');
  const { rows } = await of.database.pool.query<{ id: number }>(
    `insert into agent (external_id, account_id, public_key, computer, machine, user_name, desktop, platform, version)
     values ($1, $2, $3, 'ws-1', 'm', 'ida', ':1', 'linux', '1') returning id`,
    [name, of.account, nkey.publicKey],
  );
  const jwt = mintUserJwt(
    of.secrets.account,
    {
      publicKey: nkey.publicKey,
      name,
      rights: agentRights(ACCOUNT, name),
      expiresAt: Date.now() + 3_600_000,
    },
    Date.now(),
  );
  const connection = await connect({
    servers: url,
    authenticator: natsAuthenticator({ jwt, seed: nkey.seed }),
    inboxPrefix: inboxPrefix(name),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
  });
  const subject = recordSubject(ACCOUNT, name);
  const kid = of.secrets.masterMac.kid;
  const key = deriveAgentKey(of.secrets.masterMac.key, kid, name);
  const epoch = Date.now();
  return {
    id: rows[0]!.id,
    name,
    epoch,
    connection,
    subject,
    key,
    kid,
    async send(records, open = null, messageId) {
      const { body, encoding } = encodeBatch({
        account: ACCOUNT,
        agent: name,
        epoch,
        sentAt: Date.now(),
        records,
        open,
      });
      await publish(connection, {
        subject,
        body,
        encoding,
        epoch,
        seq: records[0]?.seq ?? 0,
        key,
        kid,
        messageId,
      });
    },
  };
}

const acknowledgement = z.object({ error: z.object({ description: z.string() }).optional() });
/** The stream does not take a batch: it is full. */
class RefusedError extends Error {}

export interface RawBatch {
  subject: string;
  body: Uint8Array;
  encoding: string;
  epoch: number;
  seq: number;
  key: Uint8Array;
  kid: string;
  messageId?: string | undefined;
  /** Instead of the one that verifies; empty for none. */
  mac?: string;
}

/** Publishes bytes as a batch with its headers, and waits for the stream to have them. @throws when it refuses them */
export async function publish(connection: NatsConnection, batch: RawBatch): Promise<void> {
  const head = headers();
  const mac = batch.mac ?? macHeader(batch.key, batch.kid, batch);
  if (mac !== '') head.set(HEADER.mac, mac);
  head.set(HEADER.epoch, String(batch.epoch));
  head.set(HEADER.seq, String(batch.seq));
  head.set(HEADER.encoding, batch.encoding);
  if (batch.messageId !== undefined) head.set('Nats-Msg-Id', batch.messageId);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await connection.request(batch.subject, batch.body, { headers: head, timeout: 2000 });
      const { error } = acknowledgement.parse(answer.json());
      if (error !== undefined) throw new RefusedError(error.description);
      return;
    } catch (error) {
      if (attempt === 20 || error instanceof RefusedError) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import {
  agentRights,
  configDirectGetSubject,
  downSubject,
  generateNkey,
  HEADER,
  inboxPrefix,
  macHeader,
  mintUserJwt,
  presenceSubject,
  type Nkey,
  type Presence,
} from '@process-meter/contract';
import { ACCOUNT, inParallel, populate, type FedAgent } from '../feed.ts';
import type { BenchOptions } from '../options.ts';
import { processorTimeOf, residentBytes } from '../processor-time.ts';
import { startServers, type Servers } from '../servers.ts';
import { round, spreadText, table } from '../stats.ts';

const WIDTH = 50;

interface Caller {
  agent: FedAgent;
  key: Nkey;
  jwt: string;
}

/**
 * All agents come back at once, each over TLS with its own credentials, reads its configuration and says that it is there.
 * The callers share the machine with the servers, so the rate of the run is no limit of the server: that is the inverse of
 * the processor time a connect costs it.
 */
export async function benchConnect({ quick, say }: BenchOptions): Promise<void> {
  const count = quick ? 300 : 4000;
  const repetitions = quick ? 1 : 3;
  const certificate = makeCertificate();
  const servers = await startServers({ tls: certificate });
  try {
    const { agents } = await populate(servers, count);
    const place = { servers, certificate: certificate.cert };
    const manager = await servers.startManager();
    const callers = agents.map((agent) => callerOf(servers, agent));
    const rates: number[] = [];
    const cost: Record<string, number[]> = { NATS: [], Manager: [] };
    const memory: number[] = [];
    for (let i = 0; i < repetitions; i += 1) {
      const before = residentBytes(servers.nats.pid);
      const connections: NatsConnection[] = [];
      const pids = { NATS: servers.nats.pid, Manager: manager.process.pid };
      const { seconds, used } = await processorTimeOf(pids, async () => {
        await inParallel(
          callers,
          WIDTH,
          async (caller) => void connections.push(await callIn(place, caller)),
        );
        await settled(servers, count);
      });
      rates.push(count / seconds);
      for (const [name, one] of Object.entries(used)) cost[name]?.push((one / count) * 1000);
      memory.push((residentBytes(servers.nats.pid) - before) / count / 1024);
      await inParallel(connections, WIDTH, (connection) => connection.close());
      await servers.pool.query('update agent set last_seen_at = null');
    }
    const perCore = (cost['NATS'] ?? []).map((ms) => 1000 / ms);
    const rows = [
      ['connects/s of this run, callers on the same machine', spreadText(rates, (rate) => round(rate, 0))],
      ['NATS, ms of processor time a connect', spreadText(cost['NATS'] ?? [], (ms) => round(ms, 2))],
      ['so connects/s one core of NATS allows', spreadText(perCore, (rate) => round(rate, 0))],
      ['Manager, ms of processor time an agent', spreadText(cost['Manager'] ?? [], (ms) => round(ms, 2))],
      ['NATS, kB a connection (first repetition counts)', round(memory[0] ?? 0, 0)],
    ];
    say(`\n${count} agents, TLS, ${repetitions} repetitions, min / median / max`);
    say(table(['', ''], rows));
    await manager.process.stop();
  } finally {
    await servers.stop();
    certificate.remove();
  }
}

function callerOf(servers: Servers, agent: FedAgent): Caller {
  const key = generateNkey('user');
  const user = { publicKey: key.publicKey, name: agent.name, rights: agentRights(ACCOUNT, agent.name) };
  return { agent, key, jwt: mintUserJwt(servers.account, user, Date.now()) };
}

/** Connects as an agent does: TLS, signed nonce, subscription, configuration, presence. */
async function callIn(
  { servers, certificate }: { servers: Servers; certificate: string },
  { agent, key, jwt }: Caller,
): Promise<NatsConnection> {
  const connection = await connect({
    servers: servers.nats.url,
    tls: { caFile: certificate },
    inboxPrefix: inboxPrefix(agent.name),
    timeout: 60_000,
    reconnect: false,
    authenticator: (nonce) => ({
      jwt,
      nkey: key.publicKey,
      sig: key.sign(Buffer.from(nonce ?? '')).toString('base64url'),
    }),
  });
  connection.subscribe(downSubject(ACCOUNT, agent.name), { callback: () => {} });
  await connection.request(configDirectGetSubject(ACCOUNT, agent.name), undefined, { timeout: 60_000 });
  sayPresent(servers, connection, agent);
  return connection;
}

function sayPresent(servers: Servers, connection: NatsConnection, agent: FedAgent): void {
  const presence: Presence = {
    v: 1,
    agent: agent.name,
    epoch: agent.epoch,
    at: Date.now(),
    version: '1.0.0',
    appliedRevision: 1,
    waiting: 0,
    oldestWaiting: null,
    lastSeq: 0,
    openSessions: 0,
    credentialsExpire: Date.now() + 86_400_000,
    phase: 'running',
  };
  const subject = presenceSubject(ACCOUNT, agent.name);
  const body = Buffer.from(JSON.stringify(presence));
  const head = headers();
  head.set(
    HEADER.mac,
    macHeader(agent.key, servers.master.kid, { subject, epoch: agent.epoch, seq: 0, body }),
  );
  head.set(HEADER.epoch, String(agent.epoch));
  head.set(HEADER.seq, '0');
  connection.publish(subject, body, { headers: head });
}

/** Waits until the manager has noted every agent. */
async function settled(servers: Servers, count: number): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    const { rows } = await servers.pool.query<{ n: string }>(
      'select count(*) as n from agent where last_seen_at is not null',
    );
    if (Number(rows[0]?.n) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the manager has not noted all agents after 120 s');
}

function makeCertificate(): { cert: string; key: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'pm-bench-tls-'));
  const cert = join(dir, 'cert.pem');
  const key = join(dir, 'key.pem');
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
    {
      stdio: 'ignore',
    },
  );
  return { cert, key, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { generateNkey, mintUserJwt, nkeyFromSeed, type Nkey, type Rights } from '@process-meter/contract';
import {
  freePort,
  startNats,
  startPostgres,
  supervise,
  type LocalNats,
  type LocalPostgres,
  type Supervised,
} from '@process-meter/local';
import { Pool } from 'pg';
import { z } from 'zod';

const program = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const masterSchema = z.object({ kid: z.string(), key: z.string() });
const EVERYTHING: Rights = { publish: ['>'], subscribe: ['>'] };

/** PostgreSQL, NATS and the streams, as the product sets them up, for measuring what runs on them. */
export interface Servers {
  dir: string;
  postgres: LocalPostgres;
  nats: LocalNats;
  pool: Pool;
  /** Signs users. */
  account: Nkey;
  /** What the keys of all agents follow from. */
  master: { kid: string; key: Buffer };
  /** A connection that may do everything, for feeding and watching. */
  connection: NatsConnection;
  streams: JetStreamManager;
  startManager(): Promise<Service>;
  startIngest(env?: Record<string, string>): Promise<Service>;
  stop(): Promise<void>;
}

export interface Service {
  process: Supervised;
  url: string;
}

export async function startServers(options: { tls?: { cert: string; key: string } } = {}): Promise<Servers> {
  const dir = stateFolder();
  const secret = (name: string): string => readFileSync(join(dir, 'secrets', name), 'utf8').trim();
  const postgres = await startPostgres({ dataDir: join(dir, 'postgres'), database: 'processmeter' });
  const nats = await startNats({
    storeDir: join(dir, 'nats'),
    trust: (jwtDir) =>
      secret('nats-trust.conf').replace(/dir: "[^"]*"/, () => `dir: ${JSON.stringify(jwtDir)}`),
    ...options,
  });
  const backend = {
    PM_DATABASE_URL: postgres.url,
    PM_NATS_URL: nats.url,
    PM_SECRETS_DIR: join(dir, 'secrets'),
    PM_LOG_LEVEL: 'warn',
    ...(options.tls === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.tls.cert }),
  };
  cli(['migrate'], backend);
  const account = nkeyFromSeed(secret('account.nk'));
  const master = masterSchema.parse(JSON.parse(secret('master-mac.json')));
  const start = async (script: string, env: Record<string, string>): Promise<Service> => {
    const port = await freePort();
    const log = openSync(join(dir, 'services.log'), 'a', 0o600);
    const process = await supervise(globalThis.process.execPath, [program(script)], {
      env: { ...globalThis.process.env, ...backend, ...env, PM_HOST: '127.0.0.1', PM_PORT: String(port) },
      stdio: ['ignore', log, log],
    });
    await ready(`http://127.0.0.1:${port}/readyz`);
    return { process, url: `http://127.0.0.1:${port}` };
  };
  const startManager = (): Promise<Service> =>
    start('manager/src/main.ts', {
      PM_PUBLIC_NATS_URLS: nats.url,
      PM_ADMIN_PASSWORD_FILE: join(dir, 'admin-password'),
    });
  // The manager makes the account, the first administrator and the streams.
  const manager = await startManager();
  await manager.process.stop();
  const connection = await connectWithAllRights(nats.url, account, options.tls);
  const pool = new Pool({ connectionString: postgres.url, max: 3 });
  return {
    dir,
    postgres,
    nats,
    pool,
    account,
    master: { kid: master.kid, key: Buffer.from(master.key, 'base64url') },
    connection,
    streams: await jetstreamManager(connection),
    startManager,
    startIngest: (env = {}) => start('manager/src/ingest/main.ts', env),
    async stop() {
      await connection.close();
      await pool.end();
      await nats.stop();
      await postgres.stop();
      rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
    },
  };
}

function stateFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pm-bench-'));
  // The database runs under a user of its own.
  chmodSync(dir, 0o755);
  for (const name of ['nats', 'secrets']) mkdirSync(join(dir, name), { mode: 0o700 });
  cli(['trust', 'init', '--dir', join(dir, 'secrets')], {});
  return dir;
}

function cli(args: readonly string[], env: Record<string, string>): void {
  execFileSync(process.execPath, [program('manager/src/cli.ts'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function ready(url: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} is not ready after 30 s`);
}

function connectWithAllRights(
  url: string,
  account: Nkey,
  tls: { cert: string } | undefined,
): Promise<NatsConnection> {
  const user = generateNkey('user');
  const jwt = mintUserJwt(
    account,
    { publicKey: user.publicKey, name: 'bench', rights: EVERYTHING },
    Date.now(),
  );
  return connect({
    servers: url,
    ...(tls === undefined ? {} : { tls: { caFile: tls.cert } }),
    maxReconnectAttempts: -1,
    authenticator: (nonce) => ({
      jwt,
      nkey: user.publicKey,
      sig: user.sign(Buffer.from(nonce ?? '')).toString('base64url'),
    }),
  });
}

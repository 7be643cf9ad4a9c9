import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  freePort,
  startNats,
  startPostgres,
  supervise,
  type LocalNats,
  type LocalPostgres,
  type Supervised,
} from '@process-meter/local';
import { keepNats, type Patience } from './kept-nats.ts';
import { managerClient, type ManagerClient } from './manager-client.ts';

const program = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const READY_MS = 40_000;

export type ServerName = 'postgres' | 'nats' | 'manager' | 'ingest-1' | 'ingest-2';

/** PostgreSQL, NATS, a manager and two ingest processes, each of which can be killed and started again by its test. */
export interface Servers {
  dir: string;
  databaseUrl: string;
  natsUrl: string;
  managerUrl: string;
  password: string;
  /** What an operator shows to the manager. */
  serviceToken: string;
  manager: ManagerClient;
  pid(name: ServerName): number;
  /** kill -9, and for PostgreSQL in turn also its own `immediate`, then a start. Resolves when it is ready again. */
  crash(name: ServerName): Promise<void>;
  stop(): Promise<void>;
}

interface Service {
  script: string;
  port: number;
  env: Record<string, string>;
}

function stateFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pm-faults-'));
  // The database runs under a user of its own.
  chmodSync(dir, 0o755);
  for (const name of ['nats', 'secrets', 'log']) mkdirSync(join(dir, name), { mode: 0o700 });
  writeFileSync(join(dir, 'service-token'), randomBytes(24).toString('hex'), { mode: 0o600 });
  runCli(dir, ['trust', 'init', '--dir', join(dir, 'secrets')], {});
  return dir;
}

export interface ServersOptions {
  /** Folder of the database, where it is not to lie among the rest. */
  database?: string;
  /** Folder of the streams, where it is not to lie among the rest. */
  streams?: string;
  /** Given, the NATS server is started again when it is not healthy for so long. */
  natsPatience?: Patience;
  /** Files: certificate of the NATS server, authorities that agents are told, and those that the services know. */
  tls?: { cert: string; key: string; authorities: string; known: string };
}

/** Starts all of them, on a new folder. */
export async function startServers(options: ServersOptions = {}): Promise<Servers> {
  const dir = stateFolder();
  const ports = { postgres: await freePort(), nats: await freePort() };
  const dataDir = options.database ?? join(dir, 'postgres');
  const postgres = (): Promise<LocalPostgres> =>
    startPostgres({ dataDir, port: ports.postgres, database: 'processmeter' });
  const nats = (): Promise<LocalNats> => startNats(natsOptions(dir, ports.nats, options));
  const running = { postgres: await postgres(), nats: await nats() };
  const kept = options.natsPatience && (await keepNats(running, nats, options.natsPatience));
  const databaseUrl = running.postgres.url;
  const backend = {
    PM_DATABASE_URL: databaseUrl,
    PM_NATS_URL: running.nats.url,
    PM_SECRETS_DIR: join(dir, 'secrets'),
    PM_LOG_LEVEL: 'info',
    ...authoritiesOf(options.tls),
  };
  runCli(dir, ['migrate'], backend);
  const services = await describeServices(dir, backend);
  const processes = new Map<string, Supervised>();
  const start = async (name: keyof typeof services): Promise<void> => {
    processes.set(name, await startService(name, services[name], dir));
  };
  await start('manager');
  await Promise.all([start('ingest-1'), start('ingest-2')]);
  const managerUrl = `http://127.0.0.1:${services.manager.port}`;
  const password = readFileSync(join(dir, 'admin-password'), 'utf8').trim();
  let crashes = 0;
  return {
    dir,
    databaseUrl,
    natsUrl: running.nats.url,
    managerUrl,
    password,
    serviceToken: readFileSync(join(dir, 'service-token'), 'utf8'),
    manager: await managerClient(managerUrl, password),
    pid: (name) =>
      name === 'postgres' || name === 'nats' ? running[name].pid : (processes.get(name)?.pid ?? 0),
    async crash(name) {
      crashes += 1;
      if (name === 'postgres') {
        await running.postgres.kill(crashes % 2 === 0 ? 'immediate' : 'kill');
        running.postgres = await postgres();
      } else if (name === 'nats') {
        await running.nats.kill('SIGKILL');
        running.nats = await nats();
      } else {
        await processes.get(name)?.kill('SIGKILL');
        await start(name);
      }
    },
    async stop() {
      await Promise.all([...processes.values()].map((child) => child.stop('SIGTERM', 8000)));
      await kept?.stop();
      await running.nats.stop();
      await running.postgres.stop();
      forget(dir);
    },
  };
}

function forget(dir: string): void {
  if (process.env['PM_KEEP'] !== undefined) return;
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
}

function authoritiesOf(tls: ServersOptions['tls']): Record<string, string> {
  if (tls === undefined) return {};
  return { PM_AGENT_AUTHORITIES_FILE: tls.authorities, NODE_EXTRA_CA_CERTS: tls.known };
}

function natsOptions(
  dir: string,
  port: number,
  { tls, streams = join(dir, 'nats') }: ServersOptions,
): Parameters<typeof startNats>[0] {
  return {
    storeDir: streams,
    port,
    ...(tls === undefined ? {} : { tls }),
    trust: (jwtDir) =>
      readFileSync(join(dir, 'secrets', 'nats-trust.conf'), 'utf8').replace(
        /dir: "[^"]*"/,
        () => `dir: ${JSON.stringify(jwtDir)}`,
      ),
  };
}

async function describeServices(
  dir: string,
  backend: Record<string, string> & { PM_NATS_URL: string },
): Promise<Record<'manager' | 'ingest-1' | 'ingest-2', Service>> {
  const ingest = async (): Promise<Service> => ({
    script: 'manager/src/ingest/main.ts',
    port: await freePort(),
    // What a dead process held comes again soon.
    env: { ...backend, PM_ACK_WAIT_MS: '2000', PM_ROLL_EVERY_MS: '300' },
  });
  return {
    manager: {
      script: 'manager/src/main.ts',
      port: await freePort(),
      env: {
        ...backend,
        PM_PUBLIC_NATS_URLS: backend.PM_NATS_URL,
        PM_ADMIN_PASSWORD_FILE: join(dir, 'admin-password'),
        PM_SERVICE_TOKEN_FILE: join(dir, 'service-token'),
      },
    },
    'ingest-1': await ingest(),
    'ingest-2': await ingest(),
  };
}

function runCli(dir: string, args: readonly string[], env: Record<string, string>): void {
  execFileSync(process.execPath, [program('manager/src/cli.ts'), ...args], {
    cwd: dir,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Starts a service until it is ready; one that ends because another server is away is started again, as a cluster does. */
async function startService(name: string, service: Service, dir: string): Promise<Supervised> {
  const log = openSync(join(dir, 'log', `${name}.log`), 'a', 0o600);
  const last = { answer: 'no answer' };
  for (const until = Date.now() + READY_MS; Date.now() < until;) {
    const child = await supervise(process.execPath, [program(service.script)], {
      env: { ...process.env, ...service.env, PM_HOST: '127.0.0.1', PM_PORT: String(service.port) },
      stdio: ['ignore', log, log],
    });
    if (await readiness(child, `http://127.0.0.1:${service.port}/readyz`, { until, last })) return child;
    await child.stop('SIGKILL');
  }
  throw new Error(`${name} is not ready after ${READY_MS / 1000} s (${last.answer}); see its log in ${dir}`);
}

/** @returns false when the process ended before it was ready, or time is up */
async function readiness(
  child: Supervised,
  url: string,
  { until, last }: { until: number; last: { answer: string } },
): Promise<boolean> {
  let over = false;
  void child.ended.then(() => (over = true));
  while (!over && Date.now() < until) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (answer?.ok === true) return true;
    last.answer = (await answer?.text().catch(() => undefined)) ?? 'no answer';
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  return false;
}

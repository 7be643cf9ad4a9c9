import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers } from './answers.ts';
import { ensureNatsServer } from './nats-server.ts';
import { freePort } from './ports.ts';
import { supervise, type Supervised } from './supervised.ts';

export interface LocalNats {
  /** Resolves when the server has ended, for whatever reason. */
  ended: Promise<unknown>;
  url: string;
  port: number;
  pid: number;
  storeDir: string;
  /** Whether it does all of its work; with a stream that could not be written it does not until it starts again. */
  healthy: () => Promise<boolean>;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface NatsOptions {
  /** Kept over restarts; temporary without it. */
  storeDir?: string;
  port?: number;
  /** The trust part of the configuration for the folder where the server may keep account JWTs. */
  trust: (jwtDir: string) => string;
  /** Files of the certificate and its key; without them connections are plain. */
  tls?: { cert: string; key: string };
  /** One server of several: its name, its port for the others, and the ports of all of them. */
  cluster?: { server: string; port: number; routes: readonly number[] };
}

/**
 * Starts a NATS server with JetStream that syncs every write to disk (the default syncs every two minutes: an
 * acknowledged record could be lost in a power cut) and the real authorization rules.
 */
export async function startNats(options: NatsOptions): Promise<LocalNats> {
  const temporary = options.storeDir === undefined ? mkdtempSync(join(tmpdir(), 'pm-nats-')) : undefined;
  const home = options.storeDir ?? join(temporary ?? tmpdir(), 'nats');
  const jwtDir = join(home, 'jwt');
  mkdirSync(jwtDir, { recursive: true, mode: 0o700 });
  const port = options.port ?? (await freePort());
  const monitor = { port: await freePort(), path: `/${randomUUID()}` };
  const config = join(home, 'nats.conf');
  writeFileSync(config, configuration(home, { port, monitor }, options), { mode: 0o600 });
  const log = openSync(join(home, 'nats.log'), 'a', 0o600);
  const server = await supervise(ensureNatsServer(), ['-c', config], { stdio: ['ignore', log, log] });
  await untilReady(server, port, join(home, 'nats.log'));
  return {
    url: `${options.tls === undefined ? 'nats' : 'tls'}://127.0.0.1:${port}`,
    port,
    ended: server.ended,
    pid: server.pid,
    storeDir: home,
    healthy: () => answers(`http://127.0.0.1:${monitor.port}${monitor.path}/healthz`),
    async stop() {
      await server.stop('SIGTERM');
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    },
    kill: (signal) => server.kill(signal),
  };
}

/** Where the server tells how it is. */
interface Monitor {
  port: number;
  path: string;
}

function configuration(
  home: string,
  { port, monitor }: { port: number; monitor: Monitor },
  { trust, tls, cluster }: NatsOptions,
): string {
  const secure =
    tls && `tls { cert_file: ${JSON.stringify(tls.cert)}, key_file: ${JSON.stringify(tls.key)} }`;
  return [
    `listen: "127.0.0.1:${port}"`,
    // It asks nobody for a password, and tells who is connected: other users of the machine do not know the path.
    `http: "127.0.0.1:${monitor.port}", http_base_path: "${monitor.path}"`,
    `server_name: "${cluster?.server ?? 'process-meter'}"`,
    'max_payload: 4MB',
    'max_connections: 150000',
    'ping_interval: "2m"',
    // Streams have limits of their own. By itself the server allows three quarters of what is free at its start, and refuses a
    // stream that may take more.
    `jetstream { store_dir: ${JSON.stringify(join(home, 'jetstream'))}, sync_interval: always, max_file_store: 1TB }`,
    secure ?? '',
    cluster === undefined ? '' : clusterOf(cluster),
    trust(join(home, 'jwt')),
  ].join('\n');
}

function clusterOf({ port, routes }: NonNullable<NatsOptions['cluster']>): string {
  const others = routes.map((route) => `"nats://127.0.0.1:${route}"`).join(', ');
  return `cluster { name: process-meter, listen: "127.0.0.1:${port}", routes: [${others}] }`;
}

/** @throws when it does not get ready, after ending it */
async function untilReady(server: Supervised, port: number, log: string): Promise<void> {
  let over = false;
  void server.ended.then(() => (over = true));
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (over) throw new Error(`the NATS server ended while starting; see ${log}`);
    if (await greets(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await server.kill('SIGKILL');
  throw new Error(`the NATS server does not answer after 20 s; see ${log}`);
}

/** A NATS server greets with INFO, and says there whether JetStream is up. */
async function greets(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (ok: boolean): void => {
      socket.destroy();
      resolve(ok);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('data', (data: Buffer) => done(data.includes('"jetstream":true')));
  });
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { configKey, inboxPrefix, KV_CONFIG, STREAM_RECORDS } from '@process-meter/contract';
import { freePort, startNats, type LocalNats } from '@process-meter/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog } from '../log.ts';
import { initSecrets, natsAuthenticator, readSecrets } from '../nats-trust/index.ts';
import { connectHub, type Hub } from './index.ts';

const dir = mkdtempSync(join(tmpdir(), 'pm-cluster-'));
const NAMES = ['one', 'two', 'three'] as const;
const servers = new Map<string, LocalNats>();
let connection: NatsConnection;
let manager: JetStreamManager;
const hubs: Hub[] = [];
let routes: number[] = [];

/** Starts a server of the cluster on an empty disk. */
async function start(server: (typeof NAMES)[number]): Promise<void> {
  const started = await startNats({
    trust: (jwtDir) =>
      readFileSync(join(dir, 'nats-trust.conf'), 'utf8').replaceAll('"./jwt"', JSON.stringify(jwtDir)),
    cluster: { server, port: routes[NAMES.indexOf(server)] ?? 0, routes },
  });
  servers.set(server, started);
}

beforeAll(async () => {
  initSecrets(dir, Date.now());
  routes = await Promise.all(NAMES.map(() => freePort()));
  await Promise.all(NAMES.map(start));
  connection = await connect({
    servers: urls().split(','),
    authenticator: natsAuthenticator(readSecrets(dir).manager),
    inboxPrefix: inboxPrefix('manager'),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
  });
  manager = await jetstreamManager(connection, { checkAPI: false, timeout: 5000 });
});
afterAll(async () => {
  await Promise.all(hubs.map((hub) => hub.close()));
  await connection.close();
  await Promise.all([...servers.values()].map((server) => server.stop()));
  rmSync(dir, { recursive: true });
});

const urls = (): string => [...servers.values()].map(({ url }) => url).join(',');
async function ready(streamReplicas: number): Promise<void> {
  const credentials = readSecrets(dir).manager;
  const hub = connectHub({ servers: urls(), credentials, log: createLog('test', 'silent'), streamReplicas });
  hubs.push(hub);
  await expect.poll(() => hub.connected(), { timeout: 30_000 }).toBe(true);
}
async function copies(): Promise<number[]> {
  const names = [STREAM_RECORDS, `KV_${KV_CONFIG}`];
  return Promise.all(names.map(async (name) => (await manager.streams.info(name)).config.num_replicas));
}

test('every stream has as many copies as are asked for; more are made where there were fewer, and none is taken away', async () => {
  await ready(1);
  expect(await copies()).toEqual([1, 1]);
  await ready(3);
  expect(await copies()).toEqual([3, 3]);
  await ready(1);
  expect(await copies()).toEqual([3, 3]);
});

test('what was acknowledged is there when the server that led its stream is gone', async () => {
  const stream = `KV_${KV_CONFIG}`;
  // While the servers elect another leader nobody answers; who was not told that it is safe tries again.
  const put = (n: number): Promise<void> =>
    expect
      .poll(
        () =>
          jetstream(connection)
            .publish(`$KV.${KV_CONFIG}.${configKey('acme', `agent${n}`)}`, `settings ${n}`, { timeout: 2000 })
            .then(
              () => true,
              () => false,
            ),
        { timeout: 30_000, interval: 200 },
      )
      .toBe(true);
  for (let n = 0; n < 20; n += 1) await put(n);
  const current = async (): Promise<unknown[]> =>
    ((await manager.streams.info(stream)).cluster?.replicas ?? []).map((replica) => replica.current);
  await expect.poll(current, { timeout: 30_000 }).toEqual([true, true]);
  const leader = (await manager.streams.info(stream)).cluster?.leader ?? '';
  await servers.get(leader)?.kill('SIGKILL');
  for (let n = 20; n < 40; n += 1) await put(n);
  const info = await manager.streams.info(stream);
  expect(info.cluster?.leader).not.toBe(leader);
  expect(info.state.messages).toBe(40);

  // With an empty disk in place of its own it is brought up to date by the others.
  const lost = NAMES.find((name) => name === leader);
  await start(lost!);
  await expect.poll(current, { timeout: 60_000, interval: 500 }).toEqual([true, true]);
  expect((await manager.streams.info(stream)).state.messages).toBe(40);
}, 120_000);

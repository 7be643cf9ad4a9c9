import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  configDirectGetSubject,
  downSubject,
  generateNkey,
  inboxPrefix,
  presenceSubject,
  recordSubject,
  type Nkey,
} from '@process-meter/contract';
import { freePort, startNats, type LocalNats } from '@process-meter/local';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANAGED_STREAMS } from '../hub/index.ts';
import { accountClaims, agentCredentials, initSecrets, natsAuthenticator, readSecrets } from './index.ts';
import type { Secrets } from './secrets.ts';

const dir = mkdtempSync(join(tmpdir(), 'pm-trust-'));
const storeDir = mkdtempSync(join(tmpdir(), 'pm-nats-'));
let secrets: Secrets;
let nats: LocalNats;
let port: number;
const startServer = () =>
  startNats({
    storeDir,
    port,
    trust: (jwtDir) =>
      readFileSync(join(dir, 'nats-trust.conf'), 'utf8').replace('"./jwt"', JSON.stringify(jwtDir)),
  });

beforeAll(async () => {
  initSecrets(dir, Date.now());
  secrets = readSecrets(dir);
  port = await freePort();
  nats = await startServer();
  const manager = await connectAs('manager');
  const streams = await jetstreamManager(manager);
  for (const stream of MANAGED_STREAMS) await streams.streams.add(stream);
  for (const agent of [ONE, TWO]) await jetstream(manager).publish(`$KV.config.acc.${agent}`, agent);
  await manager.close();
});
afterAll(async () => {
  await nats.stop();
  rmSync(dir, { recursive: true });
  rmSync(storeDir, { recursive: true });
});

const ONE = 'aaaaaaaaaaaa';
const TWO = 'bbbbbbbbbbbb';

const connectAs = (service: 'manager'): Promise<NatsConnection> =>
  connect({
    servers: nats.url,
    authenticator: natsAuthenticator(secrets[service]),
    inboxPrefix: inboxPrefix(service),
  });

async function connectAgent(agent: string, key: Nkey = generateNkey('user'), now = Date.now()) {
  const { jwt } = agentCredentials(secrets).userJwt({ account: 'acc', agent, publicKey: key.publicKey }, now);
  return connect({
    servers: nats.url,
    authenticator: natsAuthenticator({ jwt, seed: key.seed }),
    inboxPrefix: inboxPrefix(agent),
    reconnect: false,
    timeout: 2000,
  });
}

/** Publishes with a request's reply and returns the answer, or the refusal of the server. */
async function outcome(connection: NatsConnection, subject: string, body = ''): Promise<string> {
  try {
    const answer = await connection.request(subject, body, { timeout: 500 });
    return answer.string();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
  }
}

describe('what an agent may do', () => {
  let agent: NatsConnection;
  beforeAll(async () => {
    agent = await connectAgent(ONE);
  });
  afterAll(() => agent.close());

  test('send its own records, which the stream acknowledges', async () => {
    expect(await outcome(agent, recordSubject('acc', ONE), 'x')).toContain('"stream":"REC"');
  });

  test('read its own configuration', async () => {
    expect(await outcome(agent, configDirectGetSubject('acc', ONE))).toBe(ONE);
  });

  test('say that it is there, and be heard by the Manager only', async () => {
    const manager = await connectAs('manager');
    const heard = new Promise((resolve) => {
      manager.subscribe('hb.*.*', { max: 1, callback: (_error, message) => resolve(message.subject) });
    });
    await manager.flush();
    agent.publish(presenceSubject('acc', ONE), '{}');
    expect(await heard).toBe('hb.acc.aaaaaaaaaaaa');
    await manager.close();
  });

  test('hear what is sent to it', async () => {
    const manager = await connectAs('manager');
    const heard = new Promise((resolve) => {
      agent.subscribe(downSubject('acc', ONE), {
        max: 1,
        callback: (_error, message) => resolve(message.string()),
      });
    });
    await agent.flush();
    manager.publish(downSubject('acc', ONE), 'config');
    expect(await heard).toBe('config');
    await manager.close();
  });
});

describe('what an agent may not do', () => {
  const publishes: [string, string][] = [
    ['send records as another', recordSubject('acc', TWO)],
    ['send records as another account', recordSubject('other', ONE)],
    ['be present as another', presenceSubject('acc', TWO)],
    ['command another', downSubject('acc', TWO)],
    ['command itself', downSubject('acc', ONE)],
    ['read the configuration of another', configDirectGetSubject('acc', TWO)],
    ['read records by number', '$JS.API.STREAM.MSG.GET.REC'],
    ['read records directly', '$JS.API.DIRECT.GET.REC'],
    ['read the configuration by number', '$JS.API.STREAM.MSG.GET.KV_config'],
    ['list streams', '$JS.API.STREAM.NAMES'],
    ['look at a stream', '$JS.API.STREAM.INFO.REC'],
    ['purge', '$JS.API.STREAM.PURGE.REC'],
    ['delete a stream', '$JS.API.STREAM.DELETE.REC'],
    ['write its own configuration', `$KV.config.acc.${ONE}`],
    ['make a consumer on the configuration', `$JS.API.CONSUMER.CREATE.KV_config.c.$KV.config.acc.${ONE}`],
    ['make a consumer on the records', '$JS.API.CONSUMER.CREATE.REC'],
    ['take from the consumer of ingest', '$JS.API.CONSUMER.MSG.NEXT.REC.ingest'],
    ['change the account', '$SYS.REQ.CLAIMS.UPDATE'],
  ];
  test.each(publishes)('%s', async (_name, subject) => {
    const agent = await connectAgent(ONE);
    expect(await outcome(agent, subject, '{}')).toMatch(/permissions violation/i);
    await agent.close();
  });

  const subscribes: [string, string][] = [
    ['hear commands to another', downSubject('acc', TWO)],
    ['hear all commands', 'down.>'],
    ['hear records', 'rec.>'],
    ['hear presence', 'hb.>'],
    ['hear the inbox of another', `${inboxPrefix(TWO)}.>`],
    ['hear every inbox', '_INBOX.>'],
    ['hear everything', '>'],
    ['hear the configuration', '$KV.config.>'],
    ['hear the system', '$SYS.>'],
  ];
  test.each(subscribes)('%s', async (_name, subject) => {
    const agent = await connectAgent(ONE);
    const refused = new Promise<string>((resolve) => {
      agent.subscribe(subject, { callback: (error) => resolve(error?.message ?? 'heard') });
    });
    expect(await refused).toMatch(/permissions violation/i);
    await agent.close();
  });
});

test('a user JWT signed by another account is not let in', async () => {
  const stranger = { ...secrets, account: generateNkey('account') };
  const key = generateNkey('user');
  const { jwt } = agentCredentials(stranger).userJwt(
    { account: 'acc', agent: ONE, publicKey: key.publicKey },
    Date.now(),
  );
  const attempt = connect({
    servers: nats.url,
    authenticator: natsAuthenticator({ jwt, seed: key.seed }),
    reconnect: false,
    timeout: 2000,
  });
  await expect(attempt).rejects.toThrow(/authorization/i);
});

test('a JWT that has expired is not let in', async () => {
  await expect(connectAgent(ONE, generateNkey('user'), Date.now() - 25 * 3_600_000)).rejects.toThrow(
    /authorization|expired/i,
  );
});

test('a revoked agent is cut off at once, stays out over a restart of the server, and others stay in', async () => {
  const key = generateNkey('user');
  const victim = await connectAgent(ONE, key);
  const bystander = await connectAgent(TWO);
  const cutOff = victim.closed();
  const start = performance.now();
  const claims = accountClaims({ secrets, servers: nats.url, clock: Date.now });
  // As the Manager does it: also what is signed later for this key is void.
  const revoked = new Map([[key.publicKey, Date.now() + 3_600_000]]);
  await claims.push(revoked);
  await cutOff;
  expect(performance.now() - start).toBeLessThan(2000);
  await expect(connectAgent(ONE, key)).rejects.toThrow(/authorization|revoked/i);
  await bystander.flush();
  await bystander.close();
  await nats.kill('SIGKILL');
  nats = await startServer();
  await expect(connectAgent(ONE, key)).rejects.toThrow(/authorization|revoked/i);
  await (await connectAgent(TWO)).close();
});

test('two revocations within one second both hold', async () => {
  const keys = [generateNkey('user'), generateNkey('user')];
  const claims = accountClaims({ secrets, servers: nats.url, clock: Date.now });
  const revoked = new Map<string, number>();
  for (const key of keys) {
    revoked.set(key.publicKey, Date.now() + 3_600_000);
    await claims.push(revoked);
  }
  for (const key of keys) await expect(connectAgent(ONE, key)).rejects.toThrow(/authorization|revoked/i);
});

test('a revocation that no server takes is an error, not silence', async () => {
  const claims = accountClaims({ secrets, servers: `nats://127.0.0.1:${await freePort()}`, clock: Date.now });
  await expect(claims.push(new Map())).rejects.toMatchObject({ code: 'PM-5003' });
});

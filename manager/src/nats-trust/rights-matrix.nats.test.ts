import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, errors, type NatsConnection } from '@nats-io/transport-node';
import {
  agentRights,
  configDirectGetSubject,
  downSubject,
  generateNkey,
  inboxPrefix,
  mintUserJwt,
  presenceSubject,
  recordSubject,
  type Nkey,
} from '@process-meter/contract';
import { startNats, type LocalNats } from '@process-meter/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MANAGED_STREAMS } from '../hub/index.ts';
import { agentCredentials, initSecrets, natsAuthenticator, readSecrets } from './index.ts';
import type { Secrets } from './secrets.ts';

const ONE = 'aaaaaaaaaaaa';
const TWO = 'bbbbbbbbbbbb';
const dir = mkdtempSync(join(tmpdir(), 'pm-matrix-'));
let secrets: Secrets;
let nats: LocalNats;
let manager: NatsConnection;
let streams: JetStreamManager;
let one: NatsConnection;

beforeAll(async () => {
  initSecrets(dir, Date.now());
  secrets = readSecrets(dir);
  nats = await startNats({
    trust: (jwtDir) =>
      readFileSync(join(dir, 'nats-trust.conf'), 'utf8').replace('"./jwt"', JSON.stringify(jwtDir)),
  });
  manager = await connect({
    servers: nats.url,
    authenticator: natsAuthenticator(secrets.manager),
    inboxPrefix: inboxPrefix('manager'),
  });
  streams = await jetstreamManager(manager);
  for (const stream of MANAGED_STREAMS) await streams.streams.add(stream);
  for (const agent of [ONE, TWO]) await jetstream(manager).publish(`$KV.config.acc.${agent}`, agent);
  const key = generateNkey('user');
  const { jwt } = agentCredentials(secrets).userJwt(
    { account: 'acc', agent: ONE, publicKey: key.publicKey },
    Date.now(),
  );
  one = await connectWith({ jwt, key });
});
afterAll(async () => {
  await one.close();
  await manager.close();
  await nats.stop();
  rmSync(dir, { recursive: true });
});

const connectWith = ({ jwt, key, agent = ONE }: { jwt: string; key: Nkey; agent?: string }) =>
  connect({
    servers: nats.url,
    authenticator: natsAuthenticator({ jwt, seed: key.seed }),
    inboxPrefix: inboxPrefix(agent),
    reconnect: false,
    timeout: 2000,
  });

/** Every subject this product uses, for each account and agent; with `*` where only a subscription can name it. */
function ownSubjects(account: string, agent: string): string[] {
  return [
    recordSubject(account, agent),
    presenceSubject(account, agent),
    downSubject(account, agent),
    `$KV.config.${account}.${agent}`,
    configDirectGetSubject(account, agent),
    `${inboxPrefix(agent)}.x`,
    `${inboxPrefix(agent)}.x.y`,
    `_INBOX.${agent}`,
  ];
}

const STREAM_VERBS =
  'CREATE UPDATE DELETE PURGE INFO SNAPSHOT RESTORE MSG.GET MSG.DELETE LEADER.STEPDOWN PEER.REMOVE';
const CONSUMER_VERBS = 'CREATE DURABLE.CREATE LIST NAMES INFO DELETE MSG.NEXT PAUSE LEADER.STEPDOWN UNPIN';

/** What JetStream and the server itself answer, for each stream and consumer. */
function serverSubjects(): string[] {
  const ofStreams = MANAGED_STREAMS.flatMap(({ name }) => [
    ...STREAM_VERBS.split(' ').map((verb) => `$JS.API.STREAM.${verb}.${name}`),
    ...CONSUMER_VERBS.split(' ').flatMap((verb) => [
      `$JS.API.CONSUMER.${verb}.${name}`,
      `$JS.API.CONSUMER.${verb}.${name}.ingest`,
      `$JS.API.CONSUMER.${verb}.${name}.mine.$KV.config.acc.${ONE}`,
      `$JS.API.CONSUMER.${verb}.${name}.mine.rec.acc.${ONE}`,
    ]),
    `$JS.API.DIRECT.GET.${name}`,
    `$JS.API.DIRECT.GET.${name}.rec.acc.${ONE}`,
    `$JS.API.DIRECT.GET.${name}.$KV.config.acc.${TWO}`,
    `$JS.ACK.${name}.ingest.1.1.1.1.1`,
    `$JS.FC.${name}.ingest.x`,
    `$JS.EVENT.ADVISORY.CONSUMER.DELETED.${name}.ingest`,
    `$JS.SNAPSHOT.ACK.${name}.x`,
  ]);
  const server =
    'STREAM.NAMES STREAM.LIST INFO ACCOUNT.PURGE.x STREAM.TEMPLATE.CREATE.x META.LEADER.STEPDOWN SERVER.REMOVE';
  return [
    ...ofStreams,
    ...server.split(' ').map((name) => `$JS.API.${name}`),
    '$SYS.REQ.CLAIMS.UPDATE',
    '$SYS.REQ.CLAIMS.LIST',
    '$SYS.REQ.CLAIMS.DELETE',
    '$SYS.REQ.SERVER.PING',
    '$SYS.REQ.SERVER.PING.CONNZ',
    '$SYS.REQ.ACCOUNT.PING.CONNZ',
    `$SYS.REQ.ACCOUNT.${secrets.account.publicKey}.CONNZ`,
    '$SYS.REQ.USER.INFO',
    '$SRV.PING',
    '$SRV.INFO',
    '_R_.x',
    '_GR_.x',
    'x',
    'rec',
    'rec.acc',
    `rec.acc.${ONE}.more`,
    `Rec.acc.${ONE}`,
    `rec.acc.${ONE}x`,
  ];
}

const SUBJECTS = (): string[] => [
  ...['acc', 'other'].flatMap((account) => [ONE, TWO].flatMap((agent) => ownSubjects(account, agent))),
  ...serverSubjects(),
];
const WILDCARDS = [
  '>',
  '*',
  '*.*',
  '*.*.*',
  'rec.>',
  'rec.*.*',
  'rec.acc.*',
  'hb.>',
  'down.>',
  'down.acc.*',
  `down.*.${ONE}`,
  '$KV.>',
  '$KV.config.acc.*',
  '$JS.>',
  '$JS.API.>',
  '$JS.EVENT.>',
  '$JS.ACK.>',
  '$SYS.>',
  '$SRV.>',
  '_INBOX.>',
  `${inboxPrefix(TWO)}.>`,
  '_INBOX_*.>',
  '*.>',
];

/** Written out, not taken from the code that makes the rights. */
const MAY_PUBLISH = [
  'rec.acc.aaaaaaaaaaaa',
  'hb.acc.aaaaaaaaaaaa',
  '$JS.API.DIRECT.GET.KV_config.$KV.config.acc.aaaaaaaaaaaa',
];
const MAY_SUBSCRIBE = ['_INBOX_aaaaaaaaaaaa.x', '_INBOX_aaaaaaaaaaaa.x.y', 'down.acc.aaaaaaaaaaaa'];

/** Subjects that the server refused to take a message on, as it told the client. */
const refusedPublishes: string[] = [];
async function hearRefusals(connection: NatsConnection): Promise<void> {
  for await (const event of connection.status()) {
    if (event.type !== 'error' || !(event.error instanceof errors.PermissionViolationError)) continue;
    if (event.error.operation === 'publish') refusedPublishes.push(event.error.subject);
  }
}

const without = (all: readonly string[], allowed: readonly string[]): string[] =>
  [...new Set(all)].filter((subject) => !allowed.includes(subject)).toSorted();

test('an agent publishes three subjects and no other', async () => {
  const all = SUBJECTS();
  expect(all.length).toBeGreaterThan(150);
  void hearRefusals(one);
  for (const subject of new Set(all)) one.publish(subject, '{}');
  const expected = without(all, MAY_PUBLISH);
  await one.flush();
  await expect.poll(() => refusedPublishes.length, { timeout: 5000 }).toBeGreaterThanOrEqual(expected.length);
  expect(refusedPublishes.toSorted()).toEqual(expected);
});

test('an agent asks nothing of the server but its own configuration', async () => {
  const all = without(SUBJECTS(), MAY_PUBLISH);
  // What would make a consumer that delivers elsewhere, or read another's value, if the right were there.
  const body = JSON.stringify({
    stream_name: 'KV_config',
    config: { deliver_subject: downSubject('acc', TWO), filter_subject: `$KV.config.acc.${TWO}` },
    last_by_subj: `$KV.config.acc.${TWO}`,
  });
  const answers = await Promise.allSettled(
    all.map((subject) => one.request(subject, body, { timeout: 5000 })),
  );
  const answered = all.filter((_, i) => {
    const answer = answers[i];
    return !(answer?.status === 'rejected' && /permissions violation/i.test(String(answer.reason)));
  });
  expect(answered).toEqual([]);
  expect((await one.request(configDirectGetSubject('acc', ONE))).string()).toBe(ONE);
  expect((await one.request(recordSubject('acc', ONE), '{}')).string()).toContain('"stream":"REC"');
});

test('an agent hears its own inbox and what is sent down to it, and nothing else, alone or in a group', async () => {
  const all = [...SUBJECTS(), ...WILDCARDS];
  for (const queue of [undefined, 'group', 'ingest']) {
    const refused: string[] = [];
    for (const subject of new Set(all)) {
      one.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error) => void (error === null ? undefined : refused.push(subject)),
      });
    }
    await one.flush();
    await one.flush();
    expect(refused.toSorted()).toEqual(without(all, MAY_SUBSCRIBE));
  }
});

test('after all of it the streams, their consumers and what they hold are as they were', async () => {
  const names: string[] = [];
  for await (const stream of streams.streams.list()) names.push(stream.config.name);
  expect(names.toSorted()).toEqual(['KV_config', 'REC']);
  for (const name of names) expect(await streams.consumers.list(name).next()).toEqual([]);
  const { state } = await streams.streams.info('REC', { subjects_filter: '>' });
  expect(Object.keys(state.subjects ?? {})).toEqual([recordSubject('acc', ONE)]);
  for (const agent of [ONE, TWO]) {
    const kept = await streams.streams.getMessage('KV_config', { last_by_subj: `$KV.config.acc.${agent}` });
    expect(kept?.string()).toBe(agent);
  }
});

test('what the rights leave open is exactly what the product uses', () => {
  expect(agentRights('acc', ONE)).toEqual({
    publish: MAY_PUBLISH,
    subscribe: ['_INBOX_aaaaaaaaaaaa.>', 'down.acc.aaaaaaaaaaaa'],
  });
});

type Forgery = (key: Nkey) => { jwt: string; key: Nkey };
const WIDE = { publish: ['>'], subscribe: ['>'] };
const issued = (key: Nkey, agent = ONE): string =>
  agentCredentials(secrets).userJwt({ account: 'acc', agent, publicKey: key.publicKey }, Date.now()).jwt;
const minted = (issuer: Nkey, key: Nkey): string =>
  mintUserJwt(
    issuer,
    { publicKey: key.publicKey, name: ONE, rights: WIDE, expiresAt: Date.now() + 60_000 },
    Date.now(),
  );
function widened(jwt: string): string {
  const [head, payload = '', signature] = jwt.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { nats: object };
  const wide = { ...claims, nats: { ...claims.nats, pub: {}, sub: {} } };
  return [head, Buffer.from(JSON.stringify(wide)).toString('base64url'), signature].join('.');
}

const FORGERIES: [string, Forgery][] = [
  ["another agent's JWT with a key of one's own", (key) => ({ jwt: issued(generateNkey('user'), TWO), key })],
  ['a JWT signed with its own key', (key) => ({ jwt: minted(key, key), key })],
  ['a JWT of an account made up', (key) => ({ jwt: minted(generateNkey('account'), key), key })],
  ['a genuine JWT with wider rights written in', (key) => ({ jwt: widened(issued(key)), key })],
  ['a JWT without a signature', (key) => ({ jwt: issued(key).replace(/[^.]+$/, ''), key })],
  ['an empty JWT', (key) => ({ jwt: '', key })],
  ["the Manager's JWT with a key of one's own", (key) => ({ jwt: secrets.manager.jwt, key })],
];
test.each(FORGERIES)('%s is not let in', async (_name, forge) => {
  await expect(connectWith(forge(generateNkey('user')))).rejects.toThrow(/authorization|authentication/i);
});

test('nobody is let in without credentials', async () => {
  await expect(connect({ servers: nats.url, reconnect: false, timeout: 2000 })).rejects.toThrow(
    /authorization|authentication/i,
  );
});

import type { Declaration, Declared, DeclaredKind } from '@process-meter/contract';
import { EXAMPLES } from '@process-meter/crds/examples';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { SERVICE_TOKEN, testApi, type Answer, type TestApi } from '../testing/api.ts';
import { addAgent, recordUse, rollAll } from '../testing/recorded.ts';

let now = Date.UTC(2026, 10, 20, 8, 7);
let api: TestApi;
beforeAll(async () => {
  api = await testApi(inject('postgresUrl'), { clock: () => now });
});
afterAll(() => api.close());

const CLUSTER = 'c1';
const bearer = { authorization: `Bearer ${SERVICE_TOKEN}` };
const json = { 'content-type': 'application/json' };

interface Resource extends Partial<Declaration> {
  kind?: DeclaredKind;
  name: string;
}

const APPLICATION = { displayName: 'Draw', rules: [{ executable: 'draw*', publisher: 'Acme' }] };

function put({ kind = 'MonitoredApplication', name, ...given }: Resource): Promise<Answer> {
  const body = { cluster: CLUSTER, uid: 'u1', createdAt: 1000, generation: 1, spec: APPLICATION, ...given };
  const headers = { ...bearer, ...json };
  return api.raw('PUT', `declared/${kind}/meter/${name}`, { body: JSON.stringify(body), headers });
}

const remove = (name: string, uid: string, kind = 'MonitoredApplication'): Promise<Answer> =>
  api.raw('DELETE', `declared/${kind}/meter/${name}?cluster=${CLUSTER}&uid=${uid}`, { headers: bearer });

async function listed(kind: DeclaredKind, cluster = CLUSTER): Promise<Declared[]> {
  const answer = await api.raw('GET', `declared/${kind}?cluster=${cluster}`, { headers: bearer });
  expect(answer.status).toBe(200);
  return answer.json.declared;
}
const names = async (kind: DeclaredKind, cluster?: string): Promise<string[]> =>
  (await listed(kind, cluster)).map(({ name }) => name);
/** As if what is deleted had been deleted some days earlier. */
const age = (days: number): Promise<unknown> =>
  api.database.pool.query('update declared set deleted_at = deleted_at - make_interval(days => $1)', [days]);
const revision = async (): Promise<number> => (await api.call('GET', 'applications')).json.rollout.wanted;

test('an application that a resource declares is monitored, and says whose it is', async () => {
  const before = await revision();
  const answer = await put({
    name: 'draw',
    spec: { ...APPLICATION, inactiveAfter: '2m30s', titlePrivacy: 'Hash' },
  });
  expect([answer.status, answer.json]).toMatchObject([
    200,
    { kind: 'MonitoredApplication', namespace: 'meter', name: 'draw', uid: 'u1', generation: 1, missing: [] },
  ]);
  expect(answer.json.application).toEqual({
    slug: 'draw',
    openNow: 0,
    peak24h: 0,
    agentsSeen: 0,
    agentsConfigured: 0,
  });
  expect(await revision()).toBe(before + 1);
  expect((await api.call('GET', 'applications/draw')).json).toMatchObject({
    name: 'Draw',
    rules: APPLICATION.rules,
    inactiveAfterMs: 150_000,
    timeoutAfterMs: 900_000,
    busyCpuShare: 0.4,
    titlePrivacy: 'hash',
    pathPrivacy: 'baseName',
    origin: { namespace: 'meter', name: 'draw' },
  });
});

test('people can neither change nor remove what a resource declares; what they made is theirs', async () => {
  const { revision: read } = (await api.call('GET', 'applications/draw')).json;
  const change = { name: 'Mine', rules: [{ executable: 'x' }], revision: read };
  for (const answer of [
    await api.call('PUT', 'applications/draw', change),
    await api.call('DELETE', 'applications/draw'),
  ])
    expect([answer.status, answer.json.code]).toEqual([409, 'PM-4010']);
  const made = await api.call('POST', 'applications', { name: 'Mine', rules: [{ executable: 'x' }] });
  expect(made.json.origin).toBe(null);
  expect((await api.call('DELETE', `applications/${made.json.slug}`)).status).toBe(204);
});

test('declared again without a change nothing goes to the agents', async () => {
  const spec = { ...APPLICATION, inactiveAfter: '150s', titlePrivacy: 'Hash' };
  const before = await revision();
  expect((await put({ name: 'draw', generation: 2, spec })).json.generation).toBe(2);
  expect((await put({ name: 'draw', generation: 2, spec })).status).toBe(200);
  expect(await revision()).toBe(before);
});

test('an older generation loses, whatever it says', async () => {
  expect((await put({ name: 'draw', generation: 5 })).status).toBe(200);
  const late = await put({ name: 'draw', generation: 4, spec: { ...APPLICATION, displayName: 'Old' } });
  expect([late.status, late.json.code]).toEqual([409, 'PM-4009']);
  expect((await api.call('GET', 'applications/draw')).json.name).toBe('Draw');
});

test('of writers at once the newest generation is what stays', async () => {
  const generations = [12, 15, 10, 14, 11, 13];
  await Promise.all(
    generations.map((generation) =>
      put({ name: 'race', generation, spec: { ...APPLICATION, displayName: `Race ${generation}` } }),
    ),
  );
  const [race] = (await listed('MonitoredApplication')).filter(({ name }) => name === 'race');
  expect(race?.generation).toBe(15);
  expect((await api.call('GET', `applications/${race!.application!.slug}`)).json.name).toBe('Race 15');
  expect((await remove('race', 'u1')).status).toBe(204);
});

test('a resource made anew takes over at generation 1; the old one is too late for anything', async () => {
  expect(
    (await put({ name: 'anew', uid: 'a', createdAt: 1000, generation: 7, spec: other('Anew') })).status,
  ).toBe(200);
  expect(
    (await put({ name: 'anew', uid: 'b', createdAt: 2000, generation: 1, spec: other('Anew 2') })).status,
  ).toBe(200);
  const late = await put({ name: 'anew', uid: 'a', createdAt: 1000, generation: 8, spec: other('Anew') });
  expect([late.status, late.json.code]).toEqual([409, 'PM-4009']);
  const removed = await remove('anew', 'a');
  expect([removed.status, removed.json.code]).toEqual([409, 'PM-4009']);
  expect(await names('MonitoredApplication')).toContain('anew');
  expect((await remove('anew', 'b')).status).toBe(204);
});

test('what breaks a rule is refused with the words of the rule, and nothing of it is kept', async () => {
  const refused = await put({ name: 'bad', spec: { ...APPLICATION, rules: [{}] } });
  expect([refused.status, refused.json.code]).toEqual([422, 'PM-4022']);
  expect(refused.json.detail).toBe(
    'spec.rules.0: a rule needs at least one of executable, path, windowClass, publisher and package',
  );
  expect(await names('MonitoredApplication')).not.toContain('bad');
});

test('a name that is taken is refused until it is free', async () => {
  await api.call('POST', 'applications', { name: 'Taken', rules: [{ executable: 'x' }] });
  const refused = await put({ name: 'taken', spec: other('TAKEN') });
  expect([refused.status, refused.json.code]).toEqual([422, 'PM-4022']);
  expect(refused.json.detail).toBe('There is another application of the name TAKEN.');
  expect(await names('MonitoredApplication')).not.toContain('taken');
  await api.call('DELETE', 'applications/taken');
  expect((await put({ name: 'taken', spec: other('TAKEN') })).status).toBe(200);
});

test('a resource that comes back within seven days has its application and its past again', async () => {
  await put({ name: 'back', spec: other('Back') });
  const { id, slug } = (await api.call('GET', 'applications/back')).json;
  const before = await revision();
  expect((await remove('back', 'u1')).status).toBe(204);
  expect(await revision()).toBe(before + 1);
  expect((await api.call('GET', 'applications/back')).status).toBe(404);
  expect((await remove('back', 'u1')).status).toBe(204);
  expect(await revision()).toBe(before + 1);

  await age(6);
  await put({ name: 'back', uid: 'u2', createdAt: now, spec: other('Back again') });
  expect((await api.call('GET', `applications/${slug}`)).json).toMatchObject({ id, name: 'Back again' });

  await remove('back', 'u2');
  await age(8);
  await remove('another', 'u');
  await put({ name: 'back', uid: 'u3', createdAt: now, spec: other('Back') });
  expect((await api.call('GET', `applications/${slug}`)).status).toBe(404);
  expect((await api.call('GET', `applications/${slug}-2`)).json.id).not.toBe(id);
});

test('the sweep sees its own cluster only, page by page, and no resource twice', async () => {
  await put({ name: 'far', cluster: 'c2', spec: other('Far away') });
  expect(await names('MonitoredApplication', 'c2')).toEqual(['far']);
  const all = await names('MonitoredApplication');
  expect(all).not.toContain('far');
  const seen: string[] = [];
  for (let after: number | null = 0; after !== null;) {
    const path = `declared/MonitoredApplication?cluster=${CLUSTER}&limit=1&after=${after}`;
    const page: Answer = await api.raw('GET', path, { headers: bearer });
    seen.push(...page.json.declared.map((one: Declared) => one.name));
    after = page.json.next;
  }
  expect(seen).toEqual(all);
});

test('of two clusters the resource that was made later takes over, with the past of the other', async () => {
  await put({ name: 'moved', uid: 'a', createdAt: 1000, generation: 4, spec: other('Moved') });
  const { id } = (await api.call('GET', 'applications/moved')).json;
  const taken = await put({ name: 'moved', cluster: 'c3', uid: 'b', createdAt: 2000, spec: other('Moved') });
  expect([taken.status, taken.json.generation]).toEqual([200, 1]);
  expect((await api.call('GET', 'applications/moved')).json.id).toBe(id);
  expect([await names('MonitoredApplication', 'c3'), await names('MonitoredApplication')]).toEqual([
    ['moved'],
    expect.not.arrayContaining(['moved']),
  ]);

  const late = await put({ name: 'moved', uid: 'a', createdAt: 1000, generation: 5, spec: other('Moved') });
  expect([late.status, late.json.code]).toEqual([409, 'PM-4009']);
  expect((await remove('moved', 'a')).status).toBe(204);
  expect((await api.call('GET', 'applications/moved')).status).toBe(200);

  await put({ name: 'moved', uid: 'c', createdAt: 3000, spec: other('Moved back') });
  expect((await api.call('GET', 'applications/moved')).json).toMatchObject({ id, name: 'Moved back' });
  expect(await names('MonitoredApplication', 'c3')).toEqual([]);
});

test('a resource that comes back after another cluster took it over takes it back', async () => {
  await put({ name: 'to-and-fro', uid: 'a', createdAt: 1000, spec: other('To and fro') });
  await remove('to-and-fro', 'a');
  await put({ name: 'to-and-fro', cluster: 'c3', uid: 'b', createdAt: 2000, spec: other('To and fro') });
  const back = await put({ name: 'to-and-fro', uid: 'c', createdAt: 3000, spec: other('To and fro') });
  expect(back.status).toBe(200);
  expect(await names('MonitoredApplication', 'c3')).not.toContain('to-and-fro');
});

test.each(EXAMPLES.filter(({ kind }) => kind !== 'MonitoredApplication' && isDeclared(kind)))(
  'every valid $kind is kept, with what it names and is not there',
  async ({ kind, valid }) => {
    for (const { object } of valid) {
      const answer = await put({
        kind: kind as DeclaredKind,
        name: object.metadata.name,
        spec: Object(object.spec),
      });
      expect([answer.status, answer.json.kind]).toEqual([200, kind]);
    }
    expect(await names(kind as DeclaredKind)).toEqual([
      ...new Set(valid.map(({ object }) => object.metadata.name)),
    ]);
  },
);

test('a reference is missing until what it names is declared beside it', async () => {
  const spec = {
    displayName: 'P',
    metric: 'Concurrent',
    quantity: 2,
    applications: [{ name: 'cad' }, { name: 'draw' }],
  };
  const first = await put({ kind: 'LicensePool', name: 'refs', spec });
  expect(first.json.missing).toEqual(['MonitoredApplication/cad']);
  await put({ name: 'cad', spec: other('CAD') });
  expect((await put({ kind: 'LicensePool', name: 'refs', spec })).json.missing).toEqual([]);
});

test('use, peak and agents come back, of applications and of the pools they need', async () => {
  const { pool } = api.database;
  await put({ name: 'used', spec: other('Used') });
  await put({ name: 'used-too', spec: other('Used too') });
  const ids = new Map<string, number>();
  for (const name of ['used', 'used-too']) {
    const { id, revision: last } = (await api.call('GET', `applications/${name}`)).json;
    ids.set(name, id);
    ids.set(`${name} revision`, last);
  }
  const agent = await addAgent(pool, api.account, 'aaaaaaaaaaaa', 'ws-1');
  const behind = await addAgent(pool, api.account, 'bbbbbbbbbbbb', 'ws-2');
  await pool.query('update agent set applied_revision = $2 where id = $1', [
    agent,
    ids.get('used-too revision'),
  ]);
  await pool.query('update agent set applied_revision = $2 where id = $1', [
    behind,
    ids.get('used revision'),
  ]);
  const hour = 3_600_000;
  const span = (n: number, from: number, to: number, open = false) => ({
    session: n,
    document: n,
    started: now - from * hour,
    ended: now - to * hour,
    state: 1,
    open,
  });
  const use = { account: api.account, agent, asOf: now };
  // Three at once yesterday evening; one is open now. One of the other application at the same time.
  await recordUse(pool, {
    ...use,
    application: ids.get('used')!,
    spans: [span(1, 12, 10), span(2, 12, 10), span(3, 12, 10), span(4, 2, 0, true)],
  });
  await recordUse(pool, { ...use, application: ids.get('used-too')!, spans: [span(5, 12, 10)] });
  await rollAll(pool);

  const observed = (await listed('MonitoredApplication')).filter(({ name }) => name.startsWith('used'));
  expect(observed.map(({ application }) => application)).toEqual([
    { slug: 'used', openNow: 1, peak24h: 3, agentsSeen: 1, agentsConfigured: 2 },
    { slug: 'used-too', openNow: 0, peak24h: 1, agentsSeen: 1, agentsConfigured: 1 },
  ]);
  const spec = {
    displayName: 'P',
    metric: 'Concurrent',
    quantity: 3,
    applications: [{ name: 'used' }, { name: 'used-too' }],
  };
  const counted = await put({ kind: 'LicensePool', name: 'counted', spec });
  expect(counted.json.pool).toEqual({ inUse: 1, peak24h: 4, available: 2 });
  const named = await put({ kind: 'LicensePool', name: 'named', spec: { ...spec, metric: 'NamedUser' } });
  expect(named.json.pool).toBe(null);

  now += 25 * hour;
  const [later] = (await listed('MonitoredApplication')).filter(({ name }) => name === 'used-too');
  expect(later?.application).toMatchObject({ openNow: 0, peak24h: 0, agentsSeen: 0 });
});

test('only the token of the operator opens these routes, and it opens no other', async () => {
  const session = await api.session();
  const path = `declared/LicensePool?cluster=${CLUSTER}`;
  for (const headers of [
    {},
    session,
    { authorization: 'Bearer ' },
    { authorization: `Bearer ${SERVICE_TOKEN}x` },
  ])
    expect((await api.raw('GET', path, { headers })).status).toBe(401);
  expect((await api.raw('GET', path, { headers: bearer })).status).toBe(200);
  for (const closed of ['applications', 'agents', 'me', 'enrolment-tokens'])
    expect((await api.raw('GET', closed, { headers: bearer })).status).toBe(401);
  const body = JSON.stringify({ name: 'x', rules: [{ executable: 'x' }] });
  expect((await api.raw('POST', 'applications', { body, headers: { ...bearer, ...json } })).status).toBe(401);
});

function other(displayName: string): Declaration['spec'] {
  return { displayName, rules: [{ executable: displayName.toLowerCase() }] };
}

function isDeclared(kind: string): boolean {
  return ['LicensePool', 'ApplicationPolicy', 'LicenseServer', 'RentalOffer'].includes(kind);
}

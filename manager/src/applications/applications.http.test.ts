import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testApi, type TestApi } from '../testing/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await testApi(inject('postgresUrl'));
});
afterAll(() => api.close());

const settings = { name: 'Draw', rules: [{ executable: 'draw*' }] };
const revision = async (): Promise<number> => (await api.call('GET', 'applications')).json.rollout.wanted;

test('no application is there at the beginning', async () => {
  expect((await api.call('GET', 'applications')).json).toEqual({
    applications: [],
    rollout: { wanted: 1, applied: [] },
  });
});

test('an application is added with defaults, an address of its own and the next revision', async () => {
  const before = await revision();
  const answer = await api.call('POST', 'applications', settings);
  expect(answer.status).toBe(201);
  expect(answer.json).toMatchObject({
    slug: 'draw',
    inactiveAfterMs: 60_000,
    timeoutAfterMs: 900_000,
    titlePrivacy: 'keep',
    pathPrivacy: 'baseName',
    revision: before + 1,
  });
  expect((await api.call('GET', 'applications/draw')).json).toMatchObject({ name: 'Draw', agents: [] });
});

test('a second one of the same name is refused, in whatever case', async () => {
  const before = await revision();
  const answer = await api.call('POST', 'applications', { ...settings, name: 'DRAW' });
  expect([answer.status, answer.json.code]).toEqual([409, 'PM-4009']);
  expect(await revision()).toBe(before);
});

test('names that give the same address get numbered ones', async () => {
  expect((await api.call('POST', 'applications', { ...settings, name: 'Draw!' })).json.slug).toBe('draw-2');
  expect((await api.call('POST', 'applications', { ...settings, name: '図面' })).json.slug).toBe(
    'application',
  );
});

test('a change needs the revision it was read at, and remembers what was in force before', async () => {
  const read = (await api.call('GET', 'applications/draw')).json;
  const change = { ...settings, inactiveAfterMs: 30_000, revision: read.revision };
  const changed = await api.call('PUT', 'applications/draw', change);
  expect([changed.status, changed.json.inactiveAfterMs]).toEqual([200, 30_000]);
  const stale = await api.call('PUT', 'applications/draw', change);
  expect([stale.status, stale.json.code]).toEqual([409, 'PM-4009']);
  const { rows } = await api.database.pool.query(
    `select revision, settings->>'inactiveAfterMs' as value from application_history where application_id = $1 order by revision`,
    [read.id],
  );
  expect(rows).toEqual([
    { revision: read.revision, value: '60000' },
    { revision: changed.json.revision, value: '30000' },
  ]);
});

test('twenty changes at once get twenty revisions, one after the other', async () => {
  const before = await revision();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      api.call('POST', 'applications', { ...settings, name: `Tool ${i}` }),
    ),
  );
  const revisions = answers.map((answer) => Number(answer.json.revision)).toSorted((a, b) => a - b);
  expect(revisions).toEqual(Array.from({ length: 20 }, (_, i) => before + 1 + i));
});

test('an application that is removed is gone, its address is never given again', async () => {
  const { id } = (await api.call('GET', 'applications/draw')).json;
  expect((await api.call('DELETE', 'applications/draw')).status).toBe(204);
  const { rows } = await api.database.pool.query(
    `select revision, settings->'deleted' as deleted, settings->'inactiveAfterMs' as value from application_history
     where application_id = $1 order by revision desc limit 2`,
    [id],
  );
  expect(rows).toMatchObject([
    { revision: await revision(), deleted: true, value: 30_000 },
    { deleted: null, value: 30_000 },
  ]);
  expect((await api.call('GET', 'applications/draw')).status).toBe(404);
  expect((await api.call('DELETE', 'applications/draw')).status).toBe(404);
  expect((await api.call('PUT', 'applications/draw', { ...settings, revision: 1 })).status).toBe(404);
  expect((await api.call('POST', 'applications', settings)).json.slug).toBe('draw-3');
});

test('settings that break a rule are refused with the field they break', async () => {
  const bad: [object, string][] = [
    [{ name: 'x' }, 'rules'],
    [{ ...settings, rules: [] }, 'rules'],
    [{ ...settings, rules: [{}] }, 'rules.0'],
    [{ ...settings, rules: [{ regex: '.*' }] }, 'rules.0'],
    [{ ...settings, name: ' ' }, 'name'],
    [{ ...settings, inactiveAfterMs: 4999 }, 'inactiveAfterMs'],
    [{ ...settings, inactiveAfterMs: '60000' }, 'inactiveAfterMs'],
    [{ ...settings, timeoutAfterMs: 86_400_001 }, 'timeoutAfterMs'],
    [{ ...settings, titlePrivacy: 'publish' }, 'titlePrivacy'],
  ];
  for (const [body, path] of bad) {
    const answer = await api.call('POST', 'applications', body);
    expect([answer.status, answer.json.issues?.[0]?.path]).toEqual([400, path]);
  }
  expect((await api.call('POST', 'applications', { ...settings, name: 'a\u0000b' })).status).toBe(400);
});

test('another account has its own applications, names and revisions', async () => {
  const other = await api.otherAccount('other');
  expect((await other('GET', 'applications')).json.applications).toEqual([]);
  expect((await other('GET', 'applications/draw-3')).status).toBe(404);
  expect((await other('DELETE', 'applications/draw-3')).status).toBe(404);
  expect((await other('POST', 'applications', settings)).json).toMatchObject({ slug: 'draw', revision: 2 });
  expect((await api.call('GET', 'applications/draw-3')).status).toBe(200);
});

test('who has which revision is counted over agents that are not revoked', async () => {
  await api.database.pool.query(
    `insert into agent (external_id, account_id, public_key, computer, machine, user_name, desktop, platform, version,
       applied_revision, revoked_at)
     select 'agent' || n, $1, 'k' || n, 'c' || n, 'm', 'u', 'd', 'linux', '1', r, case when n = 4 then now() end
     from (values (1, 2), (2, 2), (3, null), (4, 2), (5, 999)) as v(n, r)`,
    [api.account],
  );
  const { rollout } = (await api.call('GET', 'applications')).json;
  expect(rollout.applied).toEqual([
    { revision: 999, agents: 1 },
    { revision: 2, agents: 2 },
    { revision: null, agents: 1 },
  ]);
  const { agents } = (await api.call('GET', 'applications/draw-3')).json;
  expect(agents.map((agent: { id: string; hasIt: boolean }) => [agent.id, agent.hasIt])).toEqual([
    ['agent1', false],
    ['agent2', false],
    ['agent3', false],
    ['agent5', true],
  ]);
});

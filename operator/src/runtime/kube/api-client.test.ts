import { expect, test } from 'vitest';
import { until } from '../../testing/fake-clock.ts';
import type { KubeObject } from './object.ts';
import { widget, widgetPath, WIDGETS } from '../../testing/parts.ts';
import { setUpRuntime } from '../../testing/runtime-set-up.ts';
import { createClient, NotLeaderError } from './api-client.ts';

const one = { namespace: 'default', name: 'one' };

test('H11: fields that this program has never heard of arrive on the wire and come back', async () => {
  const { api, client } = await setUpRuntime();
  const future: KubeObject = {
    ...widget('one', { futureField: { deep: [1, null, 'x'] }, port: 'http', alsoPort: 80 }),
    brandNew: true,
  };
  const answer = await client.apply(WIDGETS, future, { manager: 'test' });
  expect(api.writes[0]!.body).toEqual(future);
  expect(answer).toMatchObject({ spec: future['spec'], brandNew: true });
  expect(await client.get(WIDGETS, one)).toMatchObject({ spec: future['spec'], brandNew: true });
});

test('H12: each way of writing says what its body is', async () => {
  const { api, client } = await setUpRuntime();
  await client.create(WIDGETS, widget('one'));
  await client.replace(WIDGETS, widget('one', { size: 1 }));
  await client.apply(WIDGETS, widget('one', { size: 2 }), { manager: 'test', dryRun: true });
  await client.applyStatus(WIDGETS, { ...widget('one'), status: {} }, { manager: 'test' });
  await client.merge(WIDGETS, one, { spec: { size: 3 } });
  await client.delete(WIDGETS, one);
  expect(api.writes.map(({ method, headers }) => [method, headers['content-type']])).toEqual([
    ['POST', 'application/json'],
    ['PUT', 'application/json'],
    ['PATCH', 'application/apply-patch+yaml'],
    ['PATCH', 'application/apply-patch+yaml'],
    ['PATCH', 'application/merge-patch+json'],
    ['DELETE', 'application/json'],
  ]);
  expect(api.writes[2]!.query.get('dryRun')).toBe('All');
});

test('get answers undefined for what is not there; other refusals are thrown', async () => {
  const { api, client } = await setUpRuntime();
  expect(await client.get(WIDGETS, one)).toBeUndefined();
  api.misbehave = () => ({ status: 403 });
  await expect(client.get(WIDGETS, one)).rejects.toMatchObject({ forbidden: true });
});

test('delete is content when it is gone, and when the name now belongs to another object', async () => {
  const { api, client } = await setUpRuntime();
  await client.delete(WIDGETS, one);
  api.store.put(widgetPath('one'), widget('one'));
  await client.delete(WIDGETS, one, { uid: 'of-the-old-one' });
  expect(api.store.get(widgetPath('one'))).toBeDefined();
});

test('create and replace tell apart: exists already, and changed meanwhile', async () => {
  const { api, client } = await setUpRuntime();
  const stored = api.store.put(widgetPath('one'), widget('one'));
  api.store.put(widgetPath('one'), widget('one', { size: 2 }));
  await expect(client.create(WIDGETS, widget('one'))).rejects.toMatchObject({
    alreadyExists: true,
    conflict: false,
  });
  await expect(client.replace(WIDGETS, stored)).rejects.toMatchObject({
    alreadyExists: false,
    conflict: true,
  });
});

test('a name or a namespace that is missing or has a slash never becomes another path', async () => {
  const { api, client } = await setUpRuntime();
  await expect(client.get(WIDGETS, { namespace: '', name: 'one' })).rejects.toThrow(/needs a namespace/);
  await expect(client.delete(WIDGETS, { namespace: 'default', name: '' })).rejects.toThrow(/without a name/);
  const elsewhere = { ...widget('one'), metadata: { name: 'one' } };
  await expect(client.create(WIDGETS, elsewhere)).rejects.toThrow(/needs a namespace/);
  await client.get(WIDGETS, { namespace: 'default', name: '../secrets' });
  expect(api.requests).toHaveLength(1);
  expect(api.requests[0]!.path).toContain('..%2Fsecrets');
});

test('who does not lead cannot write, also not with a write that waited since it led; reading stays allowed', async () => {
  const { api, clock, transport } = await setUpRuntime();
  let leads = true;
  const client = createClient(transport, { mayWrite: () => leads });
  api.misbehave = ({ method }) =>
    method === 'PATCH' ? { status: 429, headers: { 'retry-after': '5' } } : undefined;
  const waiting = client.apply(WIDGETS, widget('one'), { manager: 'test' });
  waiting.catch(() => {});
  await until('it waits', () => api.writes.length === 1 && clock.timers === 1);
  leads = false;
  await clock.advance(10_000);
  await expect(waiting).rejects.toThrow(NotLeaderError);
  await expect(client.create(WIDGETS, widget('two'))).rejects.toThrow(NotLeaderError);
  expect(api.writes).toHaveLength(1);
  expect(await client.get(WIDGETS, one)).toBeUndefined();
});

test('serves tells whether a definition is installed', async () => {
  const { api, client } = await setUpRuntime();
  api.misbehave = ({ path }) =>
    path === '/apis/example.com/v1'
      ? { status: 200, body: { resources: [{ name: 'widgets' }] } }
      : { status: 404 };
  expect(await client.serves(WIDGETS)).toBe(true);
  expect(await client.serves({ ...WIDGETS, plural: 'gadgets' })).toBe(false);
  expect(await client.serves({ ...WIDGETS, group: 'absent.example.com' })).toBe(false);
});

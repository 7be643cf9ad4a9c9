import { expect, test } from 'vitest';
import { until } from '../../testing/fake-clock.ts';
import { widget, widgetPath, WIDGETS } from '../../testing/parts.ts';
import { setUpRuntime } from '../../testing/runtime-set-up.ts';
import { StatusWriter } from './status-writer.ts';

async function setUp() {
  const runtime = await setUpRuntime();
  const { api, client, informers, signal } = runtime;
  api.store.put(widgetPath('one'), widget('one', { size: 1 }));
  const widgets = informers.for(WIDGETS);
  await runtime.sync();
  const writer = new StatusWriter(client, { resource: WIDGETS, manager: 'test-status' });
  const cached = () => widgets.get({ namespace: 'default', name: 'one' })!;
  return {
    ...runtime,
    writer,
    cached,
    write: (status: Record<string, unknown>) => writer.write(cached(), status, signal),
  };
}

test('the status is applied to its own path by its own manager, without the spec, for this very object', async () => {
  const { api, cached, write } = await setUp();
  expect(await write({ size: 1 })).toBe(true);
  const [request] = api.writes;
  expect(request!.path).toBe(`${widgetPath('one')}/status`);
  expect(request!.query.get('fieldManager')).toBe('test-status');
  expect(request!.body).toEqual({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'one', namespace: 'default', uid: cached().metadata.uid },
    status: { size: 1 },
  });
});

test('an equal status is not written, also while the cache has not yet seen the last one', async () => {
  const { api, cached, writer, write } = await setUp();
  await write({ list: [{ b: 1, a: 2 }], none: undefined });
  // Whether or not the watch has brought it back by now.
  expect(writer.current(cached())).toEqual({ list: [{ b: 1, a: 2 }] });
  expect(await write({ list: [{ a: 2, b: 1 }] })).toBe(false);
  await until('the cache', () => cached()['status'] !== undefined);
  expect(await write({ list: [{ a: 2, b: 1 }] })).toBe(false);
  expect(api.writes).toHaveLength(1);
  expect(await write({ list: [] })).toBe(true);
});

test('a status that somebody changed is written again', async () => {
  const { api, cached, write } = await setUp();
  await write({ size: 1 });
  api.store.put(widgetPath('one'), { ...api.store.get(widgetPath('one'))!, status: { size: 9 } });
  await until('the cache', () => JSON.stringify(cached()['status']) === '{"size":9}');
  expect(await write({ size: 1 })).toBe(true);
});

test('an object that is gone has no status, and that is no failure', async () => {
  const { api, cached, writer, signal } = await setUp();
  const object = cached();
  api.store.delete(widgetPath('one'));
  expect(await writer.write(object, { size: 1 }, signal)).toBe(false);
});

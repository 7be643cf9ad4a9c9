import { expect, test } from 'vitest';
import { until } from '../../testing/fake-clock.ts';
import { setUpInformer } from '../../testing/informer-set-up.ts';
import { metric, SECRETS, widget, widgetPath } from '../../testing/parts.ts';

const one = { namespace: 'default', name: 'one' };

test('lists in pages, then follows: added, changed and deleted objects are seen once each', async () => {
  const { api, informer, changes, start, watching } = await setUpInformer();
  api.pageLimit = 2;
  for (const name of ['one', 'two', 'three', 'four', 'five']) api.store.put(widgetPath(name), widget(name));
  void start();
  await informer.whenSynced();
  expect(informer.list()).toHaveLength(5);
  expect(api.lists).toHaveLength(3);
  expect(api.lists[0]!.query.has('resourceVersion')).toBe(false);
  expect(informer.get(one)).toMatchObject({ kind: 'Widget', apiVersion: 'example.com/v1' });
  await watching();
  api.store.put(widgetPath('one'), widget('one', { size: 2 }));
  api.store.delete(widgetPath('two'));
  api.store.put(widgetPath('six'), widget('six'));
  await until('the changes', () => changes.length === 8);
  expect(
    changes.slice(5).map(({ before, now, source }) => [before?.metadata.name, now?.metadata.name, source]),
  ).toEqual([
    ['one', 'one', 'live'],
    ['two', undefined, 'live'],
    [undefined, 'six', 'live'],
  ]);
});

test('a snapshot that expires between two pages is read again without pages', async () => {
  const { api, informer, start } = await setUpInformer();
  api.pageLimit = 2;
  for (const name of ['one', 'two', 'three']) api.store.put(widgetPath(name), widget(name));
  api.misbehave = ({ query }) => (query.has('continue') ? { status: 410 } : undefined);
  void start();
  await informer.whenSynced();
  expect(informer.list()).toHaveLength(3);
  expect(api.lists.map(({ query }) => query.get('limit'))).toEqual(['500', '500', null]);
});

test('H3, H4: a handler that throws during list or watch is logged and counted; the others hear, the watch goes on', async () => {
  const { api, informer, changes, lines, metrics, start, watching } = await setUpInformer();
  informer.onChange(() => {
    throw new Error('bad handler');
  });
  const heard: string[] = [];
  informer.onChange(({ now }) => heard.push(now?.metadata.name ?? ''));
  api.store.put(widgetPath('one'), widget('one'));
  void start();
  await informer.whenSynced();
  await watching();
  api.store.put(widgetPath('two'), widget('two'));
  api.store.put(widgetPath('three'), widget('three'));
  await until('all were heard', () => heard.length === 3);
  expect(changes).toHaveLength(3);
  expect(await metric(metrics, 'process_meter_informer_handler_failures_total')).toBe(3);
  expect(lines().filter(({ msg }) => msg === 'change handler threw')).toHaveLength(3);
  // The version went on: a reconnect does not bring the events again.
  api.watches[0]!.end();
  await until('the watch ended', () => api.watches.length === 0);
  expect(api.requests.filter(({ watch }) => watch)).toHaveLength(1);
});

test('H4: an index that throws leaves the object in the cache', async () => {
  const { api, informer, start } = await setUpInformer();
  informer.addIndex('bad', () => {
    throw new Error('bad index');
  });
  api.store.put(widgetPath('one'), widget('one'));
  void start();
  await informer.whenSynced();
  expect(informer.get(one)).toBeDefined();
  expect(informer.byIndex('bad', 'x')).toEqual([]);
});

test('H14: instants are strings, the same from list and from watch', async () => {
  const { api, informer, start, watching } = await setUpInformer();
  const creationTimestamp = '2026-01-02T03:04:05Z';
  const dated = (name: string) => ({
    ...widget(name),
    metadata: { ...widget(name).metadata, creationTimestamp },
    status: { lastTransitionTime: creationTimestamp },
  });
  api.store.put(widgetPath('one'), dated('one'));
  void start();
  await watching();
  api.store.put(widgetPath('two'), dated('two'));
  await until('both', () => informer.list().length === 2);
  for (const object of informer.list()) {
    expect(object.metadata.creationTimestamp).toBe(creationTimestamp);
    expect(object['status']).toEqual({ lastTransitionTime: creationTimestamp });
  }
});

test('H16: an update that changes nothing is no change', async () => {
  const { api, changes, start, watching } = await setUpInformer();
  api.store.put(widgetPath('one'), widget('one'));
  void start();
  await watching();
  api.watches[0]!.send('MODIFIED', api.store.get(widgetPath('one')));
  api.store.put(widgetPath('two'), widget('two'));
  await until('the other one', () => changes.length === 2);
  expect(changes[1]!.now?.metadata.name).toBe('two');
});

test('H17: the cache holds neither managedFields nor the content of secrets, also not in annotations, and is frozen', async () => {
  const { api, informer, start, watching } = await setUpInformer({}, SECRETS);
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': '{"data":"aHVudGVyMg=="}',
    other: 'kept',
  };
  const secret = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name,
      namespace: 'default',
      annotations: { ...annotations },
      managedFields: [{ manager: 'kubectl' }],
    },
    data: { password: 'aHVudGVyMg==' },
    stringData: { password: 'hunter2' },
  });
  api.store.put('/api/v1/namespaces/default/secrets/one', secret('one'));
  void start();
  await watching();
  api.store.put('/api/v1/namespaces/default/secrets/two', secret('two'));
  await until('both', () => informer.list().length === 2);
  const text = JSON.stringify(informer.list());
  expect(text).not.toMatch(/hunter2|aHVudGVyMg|managedFields|last-applied/);
  expect(informer.list()[0]!.metadata.annotations).toEqual({ other: 'kept' });
  expect(informer.list()[0]!['type']).toBe('Opaque');
  expect(() => {
    informer.list()[0]!.metadata.name = 'changed';
  }).toThrow(TypeError);
});

test('where only metadata is wanted, only metadata is asked for', async () => {
  const { api, informer, start, watching } = await setUpInformer({ metadataOnly: true }, SECRETS);
  api.store.put('/api/v1/namespaces/default/secrets/one', widget('one'));
  void start();
  await watching();
  expect(api.requests.map(({ headers }) => headers.accept)).toEqual([
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  ]);
  expect(informer.get(one)?.kind).toBe('Secret');
});

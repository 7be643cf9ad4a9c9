import { afterEach, expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { createTransport } from '../kube/transport.ts';
import { createMetrics } from '../report/metrics.ts';
import { FakeClock, settle, until } from '../../testing/fake-clock.ts';
import { metric, SECRETS, testLog, widget, widgetPath, WIDGETS } from '../../testing/parts.ts';
import { StubApi, status } from '../../testing/stub-api.ts';
import type { InformerOptions, StoreChange } from './informer-types.ts';
import { ReflectedInformer } from './informer.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function setUp(options: InformerOptions = {}, resource = WIDGETS) {
  const api = await new StubApi().start();
  const clock = new FakeClock();
  const metrics = createMetrics();
  const { log, lines } = testLog();
  const stop = new AbortController();
  const deps = {
    credentials: api.credentials,
    clock: clock as Clock,
    random: () => 0.5,
    metrics: metrics.rest,
  };
  const transport = createTransport(deps, { perSecond: 1e6, burst: 1e6, inFlight: 8 });
  const informer = new ReflectedInformer(resource, options, {
    transport,
    clock,
    random: () => 0.5,
    log,
    metrics: metrics.informers,
  });
  const changes: StoreChange[] = [];
  informer.onChange((change) => changes.push(change));
  let running: Promise<void> = Promise.resolve();
  closers.push(async () => {
    stop.abort();
    await Promise.all([running, transport.close(), api.stop()]);
  });
  return {
    api,
    clock,
    metrics,
    lines,
    stop,
    transport,
    informer,
    changes,
    start: () => (running = informer.start(stop.signal)),
    relists: (reason: string) => metric(metrics, 'process_meter_informer_relists_total', { reason }),
    reconnects: (reason: string) => metric(metrics, 'process_meter_informer_reconnects_total', { reason }),
    /** The watch is open and its reader is at it. */
    watching: async (count = 1) => {
      await until('a watch', () => api.watches.length === count);
      await settle();
    },
    /** Ends the watch as the server does, and waits for the next. */
    renewWatch: async () => {
      const before = api.requests.length;
      api.watches[0]!.end();
      await until('the next watch', () => api.requests.at(-1)!.watch && api.requests.length > before);
      await until('one watch', () => api.watches.length === 1);
      await settle();
    },
  };
}

const one = { namespace: 'default', name: 'one' };

test('lists in pages, then follows: added, changed and deleted objects are seen once each', async () => {
  const { api, informer, changes, start, watching } = await setUp();
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
  const { api, informer, start } = await setUp();
  api.pageLimit = 2;
  for (const name of ['one', 'two', 'three']) api.store.put(widgetPath(name), widget(name));
  api.misbehave = ({ query }) => (query.has('continue') ? { status: 410 } : undefined);
  void start();
  await informer.whenSynced();
  expect(informer.list()).toHaveLength(3);
  expect(api.lists.map(({ query }) => query.get('limit'))).toEqual(['500', '500', null]);
});

test('H2: stopped during the first list, it never opens a watch; stopped while it waits to reconnect, neither', async () => {
  const first = await setUp();
  let answer = () => {};
  first.api.misbehave = () => new Promise<void>((resolve) => (answer = resolve));
  const ended = first.start();
  await until('the list was asked for', () => first.api.requests.length === 1);
  first.stop.abort();
  await ended;
  answer();
  await settle();
  expect(first.api.watches).toHaveLength(0);
  expect(first.changes).toHaveLength(0);

  const second = await setUp();
  const endedToo = second.start();
  await second.watching();
  second.api.watches[0]!.cut();
  await until('it waits', () => second.clock.timers === 1 && second.api.watches.length === 0);
  second.stop.abort();
  await endedToo;
  await second.clock.advance(60_000);
  expect(second.api.requests.filter(({ watch }) => watch)).toHaveLength(1);
  expect(second.clock.timers).toBe(0);
});

test('H2: started twice, it lists and watches once', async () => {
  const { api, start, watching } = await setUp();
  void start();
  void start();
  await watching();
  expect(api.requests).toHaveLength(2);
});

test('H3, H4: a handler that throws during list or watch is logged and counted; the others hear, the watch goes on', async () => {
  const { api, informer, changes, lines, metrics, start, watching } = await setUp();
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
  const { api, informer, start } = await setUp();
  informer.addIndex('bad', () => {
    throw new Error('bad index');
  });
  api.store.put(widgetPath('one'), widget('one'));
  void start();
  await informer.whenSynced();
  expect(informer.get(one)).toBeDefined();
  expect(informer.byIndex('bad', 'x')).toEqual([]);
});

test.each([
  ['an error of the server', { status: 500 } as const],
  ['a refusal', { status: 401 } as const],
  ['a cut connection', 'cut' as const],
])(
  'H5: %s at list and at watch is tried again for ever, slower and slower, up to 30 s',
  async (_, misbehaviour) => {
    const { api, clock, informer, start, watching } = await setUp();
    api.misbehave = () => misbehaviour;
    void start();
    for (let minute = 0; minute < 10; minute += 1) await clock.advance(60_000);
    await until('it still tries', async () => {
      const before = api.requests.length;
      await clock.advance(40_000);
      return api.requests.length > before;
    });
    api.misbehave = () => undefined;
    await until('it recovers', async () => {
      await clock.advance(1_000);
      return informer.synced;
    });
    await watching();
    api.misbehave = ({ watch }) => (watch ? misbehaviour : undefined);
    api.watches[0]!.cut();
    for (let minute = 0; minute < 5; minute += 1) await clock.advance(60_000);
    api.misbehave = () => undefined;
    await until('it follows again', async () => {
      await clock.advance(1_000);
      return api.watches.length === 1;
    });
  },
);

test('H6: 410 at the opening and 410 inside the stream both list again, and what was missed is told', async () => {
  const { api, clock, informer, changes, relists, start, watching } = await setUp();
  api.store.put(widgetPath('one'), widget('one'));
  api.store.put(widgetPath('two'), widget('two'));
  void start();
  await watching();
  api.misbehave = ({ watch }) =>
    watch ? { status: 410, body: status(410, 'Expired', 'too old') } : undefined;
  api.watches[0]!.cut();
  api.store.delete(widgetPath('two'));
  api.store.put(widgetPath('one'), widget('one', { size: 2 }));
  await until('the opening was refused', async () => {
    await clock.advance(500);
    return api.requests.filter(({ watch }) => watch).length >= 2;
  });
  api.misbehave = () => undefined;
  await until('listed again', async () => {
    await clock.advance(500);
    return (await relists('expired')) === 1;
  });
  await watching();
  expect(informer.list().map(({ spec }) => spec)).toEqual([{ size: 2 }]);
  expect(changes.slice(2).map(({ now, source }) => [now?.metadata.name, source])).toEqual([
    [undefined, 'list'],
    ['one', 'list'],
  ]);
  api.watches[0]!.send('ERROR', status(410, 'Expired', 'too old resource version'));
  await until('listed once more', async () => {
    await clock.advance(500);
    return (await relists('expired')) === 2;
  });
  await watching();
});

test('H7: watches ask for bookmarks and an end within 240 to 420 s; a bookmark moves the version and tells nobody', async () => {
  const { api, clock, changes, reconnects, start, watching, renewWatch } = await setUp();
  void start();
  await watching();
  const { query } = api.watches[0]!;
  expect(query.get('allowWatchBookmarks')).toBe('true');
  expect(Number(query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(240);
  expect(Number(query.get('timeoutSeconds'))).toBeLessThanOrEqual(420);
  // Quiet for five minutes, with the server's bookmarks: never reconnected.
  for (let minute = 0; minute < 5; minute += 1) {
    await clock.advance(60_000);
    api.watches[0]!.send('BOOKMARK', { kind: 'Widget', metadata: { resourceVersion: String(900 + minute) } });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(api.requests).toHaveLength(2);
  await renewWatch();
  expect(api.watches[0]!.query.get('resourceVersion')).toBe('904');
  expect(await reconnects('closed')).toBe(1);
  expect(changes).toHaveLength(0);
});

test('H8: a stream that says nothing for 90 s is given up and followed from where it was', async () => {
  const { api, clock, changes, reconnects, relists, start, watching } = await setUp();
  api.store.put(widgetPath('one'), widget('one'));
  void start();
  await watching();
  const version = api.store.version;
  // From here on the server believes to have written; nothing arrives.
  for (const watch of api.watches) Object.assign(watch, { deliver: () => {} });
  api.store.put(widgetPath('two'), widget('two'));
  await clock.advance(89_000);
  expect(api.requests).toHaveLength(2);
  await clock.advance(2_000);
  await until('it follows again', async () => {
    await clock.advance(200);
    return changes.length === 2;
  });
  expect(await reconnects('silent')).toBe(1);
  expect(await relists('start')).toBe(1);
  expect(api.requests.at(-1)!.query.get('resourceVersion')).toBe(String(version));
});

test('H8: a server that takes the connection and never answers is given up too', async () => {
  const { api, clock, reconnects, start, watching } = await setUp();
  api.misbehave = ({ watch }) => (watch ? 'silence' : undefined);
  void start();
  await until('it was asked', () => api.requests.length === 2);
  await clock.advance(30_000);
  await until('it is given up', async () => (await reconnects('silent')) === 1);
  api.misbehave = () => undefined;
  await clock.advance(2_000);
  await watching();
});

test('H8: everything is listed again about every half hour', async () => {
  const { api, clock, relists, start, watching, renewWatch } = await setUp();
  void start();
  await watching();
  for (let round = 0; round < 9; round += 1) {
    for (let minute = 0; minute < 5; minute += 1) {
      await clock.advance(60_000);
      api.watches[0]!.send('BOOKMARK', { metadata: { resourceVersion: String(200 + round) } });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await renewWatch();
  }
  expect(await relists('periodic')).toBe(1);
});

test('H9: while the server restarts the watch is tried slower and slower, and goes on where it was, without a list', async () => {
  const { api, clock, reconnects, start, watching } = await setUp();
  void start();
  await watching();
  await clock.advance(31_000);
  const { port } = api;
  const before = api.requests.length;
  await api.stop();
  await clock.advance(700);
  expect(clock.timers).toBe(1);
  for (let second = 0; second < 60; second += 1) await clock.advance(1_000);
  expect(await reconnects('network')).toBeGreaterThanOrEqual(4);
  expect(await reconnects('network')).toBeLessThanOrEqual(9);
  await api.start(port);
  await until('it follows again', async () => {
    await clock.advance(1_000);
    return api.watches.length === 1;
  });
  // The version is still good: nothing is listed again.
  expect(api.requests.slice(before).every(({ watch }) => watch)).toBe(true);
});

test('H10: 300 reconnects use the connections again and leave none behind', async () => {
  const { api, clock, start, watching, renewWatch } = await setUp();
  void start();
  await watching();
  const before = api.openConnections;
  for (let count = 0; count < 300; count += 1) {
    await clock.advance(31_000);
    await renewWatch();
  }
  expect(api.connections).toBeLessThanOrEqual(before + 10);
  expect(api.openConnections).toBeLessThanOrEqual(before + 2);
});

test('lines and characters may be split anywhere; an event cut in two comes again whole', async () => {
  const { api, clock, informer, changes, start, watching } = await setUp();
  void start();
  await watching();
  const object = {
    ...widget('größe', { label: '日本' }),
    metadata: { ...widget('größe').metadata, resourceVersion: String(api.store.skip()) },
  };
  const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object })}\n`);
  for (const byte of bytes) {
    api.watches[0]!.raw(Uint8Array.of(byte));
    await settle();
  }
  await until('the object', () => changes.length === 1);
  expect(informer.get({ namespace: 'default', name: 'größe' })?.['spec']).toEqual({ label: '日本' });
  api.watches[0]!.raw('{"type":"ADDED","object":{"metadata":{"na');
  api.watches[0]!.end();
  await watching(0);
  api.store.put(widgetPath('two'), widget('two'));
  await until('the next watch', async () => {
    await clock.advance(500);
    return changes.some(({ now }) => now?.metadata.name === 'two');
  });
});

test('an event that cannot be read leads to a new list, not to a loop at the same place', async () => {
  const { api, clock, relists, start, watching } = await setUp();
  void start();
  await watching();
  api.watches[0]!.raw('<html>gateway timeout</html>\n');
  await until('listed again', async () => {
    await clock.advance(500);
    return (await relists('error')) === 1;
  });
});

test('H14: instants are strings, the same from list and from watch', async () => {
  const { api, informer, start, watching } = await setUp();
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
  const { api, changes, start, watching } = await setUp();
  api.store.put(widgetPath('one'), widget('one'));
  void start();
  await watching();
  api.watches[0]!.send('MODIFIED', api.store.get(widgetPath('one')));
  api.store.put(widgetPath('two'), widget('two'));
  await until('the other one', () => changes.length === 2);
  expect(changes[1]!.now?.metadata.name).toBe('two');
});

test('H17: the cache holds neither managedFields nor the content of secrets, also not in annotations, and is frozen', async () => {
  const { api, informer, start, watching } = await setUp({}, SECRETS);
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
  const { api, informer, start, watching } = await setUp({ metadataOnly: true }, SECRETS);
  api.store.put('/api/v1/namespaces/default/secrets/one', widget('one'));
  void start();
  await watching();
  expect(api.requests.map(({ headers }) => headers.accept)).toEqual([
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  ]);
  expect(informer.get(one)?.kind).toBe('Secret');
});

import { expect, test } from 'vitest';
import { settle, until } from '../../testing/fake-clock.ts';
import { setUpInformer } from '../../testing/informer-set-up.ts';
import { WIDGETS, widget, widgetPath } from '../../testing/parts.ts';
import { status } from '../../testing/stub-api.ts';

test('H2: stopped during the first list, it never opens a watch; stopped while it waits to reconnect, neither', async () => {
  const first = await setUpInformer();
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

  const second = await setUpInformer();
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

test('a watch that is told to come back later does, also when a new list is wanted meanwhile', async () => {
  const { api, clock, informer, reconnects, start, watching } = await setUpInformer();
  api.misbehave = ({ watch }) => (watch ? { status: 429, headers: { 'retry-after': '20' } } : undefined);
  void start();
  await until('the watch is refused', async () => (await reconnects('busy')) === 1);
  api.misbehave = () => undefined;
  const refreshed = informer.refresh('test');
  await clock.advance(19_900);
  expect(api.requests).toHaveLength(2);
  await clock.advance(200);
  await refreshed;
  await watching();
  expect(api.requests).toHaveLength(4);
});

test('H2: started twice, it lists and watches once', async () => {
  const { api, start, watching } = await setUpInformer();
  void start();
  void start();
  await watching();
  expect(api.requests).toHaveLength(2);
});

test.each([
  ['an error of the server', { status: 500 } as const],
  ['a refusal', { status: 401 } as const],
  ['a cut connection', 'cut' as const],
])(
  'H5: %s at list and at watch is tried again for ever, slower and slower, up to 30 s',
  async (_, misbehaviour) => {
    const { api, clock, informer, start, watching } = await setUpInformer();
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
    expect(informer.synced).toBe(true);
  },
);

test('H6: 410 at the opening and 410 inside the stream both list again, and what was missed is told', async () => {
  const { api, clock, informer, changes, relists, start, watching } = await setUpInformer();
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
  const { api, clock, changes, reconnects, start, watching, renewWatch } = await setUpInformer();
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
  const { api, clock, changes, reconnects, relists, start, watching } = await setUpInformer();
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

test('H8: where the silence is set shorter, streams that end by it are opened anew without growing pauses', async () => {
  const { api, clock, reconnects, start, watching } = await setUpInformer({}, WIDGETS, { silenceMs: 5_000 });
  void start();
  await watching();
  for (let round = 1; round <= 6; round += 1) {
    await clock.advance(4_900);
    expect(await reconnects('silent')).toBe(round - 1);
    await clock.advance(200);
    await until('it is given up', async () => (await reconnects('silent')) === round);
    await clock.advance(1_000);
    await watching();
  }
  expect(api.lists).toHaveLength(1);
});

test('H8: a server that takes the connection and never answers is given up too', async () => {
  const { api, clock, reconnects, start, watching } = await setUpInformer();
  api.misbehave = ({ watch }) => (watch ? 'silence' : undefined);
  void start();
  await until('it was asked', () => api.requests.length === 2);
  await clock.advance(30_000);
  await until('it is given up', async () => (await reconnects('silent')) === 1);
  api.misbehave = () => undefined;
  await clock.advance(2_000);
  await watching();
  expect(api.lists).toHaveLength(1);
});

test('H8: everything is listed again about every half hour', async () => {
  const { api, clock, relists, start, watching, renewWatch } = await setUpInformer();
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
  const { api, clock, reconnects, start, watching } = await setUpInformer();
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
  const { api, clock, start, watching, renewWatch } = await setUpInformer();
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
  const { api, clock, informer, changes, start, watching } = await setUpInformer();
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
  const { api, clock, relists, start, watching } = await setUpInformer();
  void start();
  await watching();
  api.watches[0]!.raw('<html>gateway timeout</html>\n');
  await until('listed again', async () => {
    await clock.advance(500);
    return (await relists('error')) === 1;
  });
  await watching();
  expect(api.lists).toHaveLength(2);
});

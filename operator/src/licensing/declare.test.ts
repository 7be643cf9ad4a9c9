import { expect, test } from 'vitest';
import {
  application,
  pool,
  putManager,
  putMeter,
  annotate,
  setUpLicensing,
} from '../testing/licensing-set-up.ts';
import { metric } from '../testing/parts.ts';

test('a resource is brought to the Manager once, with its fence, and its columns are filled', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.manager.openNow = () => 3;
  const made = world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until('it is ready', () => world.condition('MonitoredApplication', 'cad') === 'True Synced');
  expect(world.manager.writes).toEqual(['PUT MonitoredApplication/cad']);
  const { body } = world.manager.requests.find(({ method }) => method === 'PUT')!;
  expect(body).toEqual({
    cluster: world.api.store.get('/api/v1/namespaces/metering')!.metadata.uid,
    uid: made.metadata.uid,
    createdAt: Date.parse(made.metadata.creationTimestamp!),
    generation: 1,
    spec: application('CAD'),
  });
  expect(world.status('MonitoredApplication', 'cad')).toMatchObject({
    observedGeneration: 1,
    syncedGeneration: 1,
    slug: 'cad',
    use: { openNow: 3, peak24h: 3, agentsSeen: 1, agentsConfigured: 2 },
  });
  expect(world.condition('MonitoredApplication', 'cad', 'Synced')).toBe('True Synced');
  expect(
    await metric(world.metrics(), 'process_meter_config_sync_total', { kind: 'MonitoredApplication' }),
  ).toBe(1);
});

test('in the steady state nothing is written, here or there, and a restart of the operator writes nothing', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.put('MonitoredApplication', 'cad', application('CAD'));
  world.put('LicensePool', 'pool', pool('cad'));
  await world.startOperator();
  await world.until('both are ready', () =>
    ['MonitoredApplication/cad', 'LicensePool/pool'].every((one) => {
      const [kind = '', name = ''] = one.split('/');
      return world.condition(kind, name) === 'True Synced';
    }),
  );
  await world.pass(5000);
  const [there, here] = [world.manager.writes.length, world.kubeWrites().length];
  await world.pass(150_000);
  await world.stopOperator();
  await world.startOperator();
  await world.pass(70_000);
  expect([world.manager.writes.length, world.kubeWrites().length]).toEqual([there, here]);
  expect(await metric(world.metrics(), 'process_meter_config_sync_objects', { kind: 'LicensePool' })).toBe(1);
});

test('an update while its predecessor is on its way is brought after it, and wins', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  let release = (): void => undefined;
  world.manager.disturb = ({ body }) =>
    body?.generation === 1 ? new Promise((resolve) => (release = resolve)) : undefined;
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until('the first is on its way', () => world.manager.writes.length === 1);
  world.put('MonitoredApplication', 'cad', application('CAD 2'));
  await world.pass(1000);
  expect(world.manager.writes).toHaveLength(1);
  release();
  await world.until(
    'the second is held',
    () => world.status('MonitoredApplication', 'cad')['syncedGeneration'] === 2,
  );
  expect(world.manager.rows.map(({ generation, spec }) => [generation, spec['displayName']])).toEqual([
    [2, 'CAD 2'],
  ]);
  expect(world.condition('MonitoredApplication', 'cad')).toBe('True Synced');
});

test('a resource that was deleted and made again takes over, and its predecessor cannot take it back', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  const first = world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until('it is held', () => world.manager.rows.length === 1);
  world.remove('MonitoredApplication', 'cad');
  await world.clock.advance(1000);
  const second = world.put('MonitoredApplication', 'cad', application('CAD'));
  expect(second.metadata.uid).not.toBe(first.metadata.uid);
  await world.until('the second is held', () => world.manager.rows[0]?.uid === second.metadata.uid);
  await world.pass(10_000);
  expect(world.manager.names('MonitoredApplication')).toEqual(['cad']);
});

test('what the Manager holds of a later time is a conflict that a person solves', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  const made = world.put('MonitoredApplication', 'cad', application('CAD'));
  const cluster = world.api.store.get('/api/v1/namespaces/metering')!.metadata.uid!;
  const { uid = '' } = made.metadata;
  world.manager.keep({
    cluster,
    kind: 'MonitoredApplication',
    namespace: 'metering',
    name: 'cad',
    uid,
    createdAt: 1,
    generation: 7,
  });
  await world.startOperator();
  await world.until('it says so', () => world.condition('MonitoredApplication', 'cad') === 'False Conflict');
  expect(world.condition('MonitoredApplication', 'cad', 'Stalled')).toBe('True Conflict');
  expect(world.manager.rows[0]?.generation).toBe(7);
});

test('a late cache is no conflict: what another process brought of a newer state stands', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  const made = world.put('MonitoredApplication', 'cad', application('CAD'));
  const { misbehave } = world.api;
  let release = (): void => undefined;
  const later = new Promise<void>((resolve) => (release = resolve));
  // The watch says nothing for a while: the cache keeps the first generation.
  world.api.misbehave = (request) =>
    request.watch && request.path.includes('monitoredapplications') ? later : misbehave(request);
  let bring = (): void => undefined;
  world.manager.disturb = ({ method, body }) =>
    method === 'PUT' && body?.generation === 1 ? new Promise((resolve) => (bring = resolve)) : undefined;
  await world.startOperator();
  await world.until('the first is on its way', () => world.manager.writes.length === 1);
  world.put('MonitoredApplication', 'cad', application('CAD 2'));
  world.manager.keep({
    cluster: world.api.store.get('/api/v1/namespaces/metering')!.metadata.uid!,
    kind: 'MonitoredApplication',
    namespace: 'metering',
    name: 'cad',
    uid: made.metadata.uid!,
    createdAt: 1,
    generation: 2,
  });
  bring();
  await world.pass(2000);
  expect(world.status('MonitoredApplication', 'cad')).toEqual({});
  release();
  await world.until(
    'the second is held',
    () => world.condition('MonitoredApplication', 'cad') === 'True Synced',
  );
  expect(world.status('MonitoredApplication', 'cad')['syncedGeneration']).toBe(2);
});

test('what breaks a rule of the Manager stalls with its words, and is tried again after five minutes', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  const detail = 'There is another application of the name CAD.';
  world.manager.disturb = ({ method }) =>
    method === 'PUT' ? { status: 422, code: 'PM-4022', detail } : undefined;
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until(
    'it is rejected',
    () => world.condition('MonitoredApplication', 'cad') === 'False Rejected',
  );
  expect(world.message('MonitoredApplication', 'cad')).toBe(detail);
  expect(world.condition('MonitoredApplication', 'cad', 'Stalled')).toBe('True Rejected');
  const writes = world.kubeWrites().length;
  await world.pass(200_000);
  expect(world.manager.writes).toHaveLength(1);
  world.manager.disturb = () => undefined;
  await world.until('it is ready', () => world.condition('MonitoredApplication', 'cad') === 'True Synced');
  expect(world.kubeWrites()).toHaveLength(writes + 1);
  expect(world.manager.writes).toHaveLength(2);
});

test('a change of a rejected resource is brought at once', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.manager.disturb = ({ body }) =>
    body?.generation === 1 ? { status: 422, code: 'PM-4022', detail: 'no' } : undefined;
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until(
    'it is rejected',
    () => world.condition('MonitoredApplication', 'cad') === 'False Rejected',
  );
  world.put('MonitoredApplication', 'cad', application('CAD 2'));
  await world.until('it is ready', () => world.condition('MonitoredApplication', 'cad') === 'True Synced');
  expect(world.manager.writes).toHaveLength(2);
});

test('a Manager that is away: what is held stays ready, what is new waits and comes when it is back', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.put('MonitoredApplication', 'old', application('Old'));
  await world.startOperator();
  await world.until('it is ready', () => world.condition('MonitoredApplication', 'old') === 'True Synced');
  await world.manager.stop();
  world.put('MonitoredApplication', 'new', application('New'));
  await world.until(
    'the new one waits',
    () => world.condition('MonitoredApplication', 'new') === 'False ManagerUnavailable',
  );
  expect(world.condition('MonitoredApplication', 'new', 'Reconciling')).toBe('True ManagerUnavailable');
  expect(world.condition('MonitoredApplication', 'old')).toBe('True Synced');
  const writes = world.kubeWrites().length;
  await world.pass(60_000);
  expect(world.kubeWrites()).toHaveLength(writes);
  expect(world.configSynced()).toBe('False ManagerUnavailable');
  await world.manager.start();
  await world.until(
    'the new one is ready',
    () => world.condition('MonitoredApplication', 'new') === 'True Synced',
  );
  await world.until('all is well', () => world.configSynced() === 'True Synced');
});

test('a new token is read when the old one is refused', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until('it is ready', () => world.condition('MonitoredApplication', 'cad') === 'True Synced');
  world.manager.token = 'the-next-token';
  const path = '/api/v1/namespaces/metering/secrets/meter-service';
  const data = { token: Buffer.from('the-next-token').toString('base64') };
  world.api.store.put(path, { ...world.api.store.get(path)!, data });
  world.put('MonitoredApplication', 'cad', application('CAD 2'));
  await world.until(
    'it is held',
    () => world.status('MonitoredApplication', 'cad')['syncedGeneration'] === 2,
  );
  expect(new Set(world.manager.requests.map(({ token }) => token))).toEqual(
    new Set(['the-token', 'the-next-token']),
  );
});

test('without a ProcessMeter, and with one whose Manager is not ready, it waits; it is brought as soon as it can be', async () => {
  const world = await setUpLicensing();
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  const ready = (): string => world.condition('MonitoredApplication', 'cad');
  await world.until('there is none', () => ready() === 'False NoProcessMeter');
  world.put('ProcessMeter', 'meter', {});
  await world.until('there is one', () => ready() === 'False ManagerNotReady');
  expect(world.condition('MonitoredApplication', 'cad', 'Reconciling')).toBe('True ManagerNotReady');
  putMeter(world);
  await world.until('it is ready', () => ready() === 'True Synced');
  putManager(world, 'meter', 'False');
  await world.pass(5000);
  expect(ready()).toBe('True Synced');
  world.remove('ProcessMeter', 'meter');
  await world.until('it is gone', () => ready() === 'False NoProcessMeter');
  expect(world.manager.writes).toEqual(['PUT MonitoredApplication/cad']);
});

test('of several ProcessMeters the resource must name one', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  putMeter(world, 'other');
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until(
    'it says so',
    () => world.condition('MonitoredApplication', 'cad') === 'False SeveralProcessMeters',
  );
  expect(world.message('MonitoredApplication', 'cad')).toContain('meter, other');
  world.put('MonitoredApplication', 'cad', { ...application('CAD'), processMeterRef: { name: 'meter' } });
  await world.until('it is ready', () => world.condition('MonitoredApplication', 'cad') === 'True Synced');
});

test('what is paused is left as it is; the pause of a ProcessMeter is a pause of all', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.put('MonitoredApplication', 'cad', application('CAD'), {
    annotations: { 'processmeter.io/paused': 'true' },
  });
  world.put('MonitoredApplication', 'other', application('Other'));
  await world.startOperator();
  await world.until(
    'the other is ready',
    () => world.condition('MonitoredApplication', 'other') === 'True Synced',
  );
  expect(world.status('MonitoredApplication', 'cad')).toEqual({});
  annotate(world, 'ProcessMeter', 'meter', { 'processmeter.io/paused': 'true' });
  await world.pass(500);
  annotate(world, 'MonitoredApplication', 'cad', {});
  world.remove('MonitoredApplication', 'other');
  await world.pass(70_000);
  expect(world.manager.names('MonitoredApplication')).toEqual(['other']);
  annotate(world, 'ProcessMeter', 'meter', {});
  await world.until('it is brought', () => world.manager.names('MonitoredApplication').join() === 'cad');
});

test('a new value of reconcile-at brings it again', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until('it is held', () => world.manager.writes.length === 1);
  annotate(world, 'MonitoredApplication', 'cad', { 'processmeter.io/reconcile-at': 'now' });
  await world.until('it is brought again', () => world.manager.writes.length === 2);
  await world.pass(70_000);
  expect(world.manager.writes).toHaveLength(2);
});

test('what the Manager lost, as after a restore of its database, is brought again', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.put('MonitoredApplication', 'cad', application('CAD'));
  world.put('MonitoredApplication', 'mail', application('Mail'));
  await world.startOperator();
  await world.until('both are held', () => world.manager.rows.length === 2);
  const [row] = world.manager.rows;
  world.manager.forget(row!);
  await world.until('it is held again', () => world.manager.rows.length === 2);
  expect(world.manager.writes).toHaveLength(3);
});

test('a reference that is missing is said, and found as soon as it is declared', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.put('LicensePool', 'pool', pool('cad'));
  await world.startOperator();
  await world.until(
    'it is missed',
    () => world.condition('LicensePool', 'pool') === 'False ReferenceMissing',
  );
  expect(world.message('LicensePool', 'pool')).toContain('MonitoredApplication/cad');
  expect(world.condition('LicensePool', 'pool', 'Synced')).toBe('True Synced');
  expect(world.condition('LicensePool', 'pool', 'Reconciling')).toBe('True ReferenceMissing');
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.until('it is found', () => world.condition('LicensePool', 'pool') === 'True Synced');
  expect(world.condition('LicensePool', 'pool', 'ReferencesResolved')).toBe('True AllDeclared');
  expect(world.manager.writes).toEqual(['PUT LicensePool/pool', 'PUT MonitoredApplication/cad']);
});

test('what comes together with what it names is told once, ready; a name that is rejected is told as missing', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.manager.disturb = ({ name }) =>
    name === 'bad' ? { status: 422, code: 'PM-4022', detail: 'no' } : undefined;
  for (const name of ['one', 'two']) world.put('LicensePool', name, pool('a', 'b', 'c', 'd'));
  world.put('LicensePool', 'three', pool('a', 'bad'));
  for (const name of ['a', 'b', 'c', 'd', 'bad']) world.put('MonitoredApplication', name, application(name));
  await world.startOperator();
  await world.until('two are ready', () =>
    ['one', 'two'].every((name) => world.condition('LicensePool', name) === 'True Synced'),
  );
  await world.until('one misses', () => world.condition('LicensePool', 'three') === 'False ReferenceMissing');
  expect(world.message('LicensePool', 'three')).toContain('MonitoredApplication/bad');
  const pools = world.kubeWrites().filter((path) => path.includes('licensepools'));
  expect(pools).toHaveLength(3);
});

test('one that the Manager fails at does not keep the others from being brought', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  world.manager.disturb = ({ name }) => (name === 'bad' ? { status: 500, code: 'PM-5000' } : undefined);
  world.put('MonitoredApplication', 'bad', application('Bad'));
  for (const name of ['a', 'b', 'c']) world.put('MonitoredApplication', name, application(name));
  await world.startOperator();
  await world.until('the others are ready', () =>
    ['a', 'b', 'c'].every((name) => world.condition('MonitoredApplication', name) === 'True Synced'),
  );
  await world.until(
    'it says so',
    () => world.condition('MonitoredApplication', 'bad') === 'False ManagerUnavailable',
  );
  expect(world.manager.names('MonitoredApplication').toSorted()).toEqual(['a', 'b', 'c']);
});

test('use is written at once, then at most once a minute, and only when it moved', async () => {
  const world = await setUpLicensing();
  putMeter(world);
  let open = 0;
  world.manager.openNow = () => (open += 1);
  world.put('MonitoredApplication', 'cad', application('CAD'));
  await world.startOperator();
  await world.until('it is ready', () => world.condition('MonitoredApplication', 'cad') === 'True Synced');
  const before = world.kubeWrites().length;
  const began = world.clock.now();
  await world.pass(600_000);
  const minutes = (world.clock.now() - began) / 60_000;
  const wrote = world.kubeWrites().length - before;
  expect(wrote).toBeLessThanOrEqual(minutes + 1);
  expect(wrote).toBeGreaterThan(minutes / 2 - 1);
  world.manager.openNow = () => open;
  await world.pass(130_000);
  const settled = world.kubeWrites().length;
  await world.pass(200_000);
  expect(world.kubeWrites()).toHaveLength(settled);
});

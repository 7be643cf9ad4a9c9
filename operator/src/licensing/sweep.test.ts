import type { DeclaredKind } from '@process-meter/contract';
import { expect, test } from 'vitest';
import {
  NAMESPACE,
  annotate,
  application,
  pool,
  putMeter,
  setUpLicensing,
  type World,
} from '../testing/licensing-set-up.ts';
import { allowance } from './sweep.ts';

const ALLOW = { 'processmeter.io/allow-mass-delete': 'true' };

/** A world in which the Manager holds some applications. */
async function withApplications(count: number): Promise<{ world: World; names: string[] }> {
  const world = await setUpLicensing();
  putMeter(world);
  const names = Array.from({ length: count }, (_, at) => `app-${at}`);
  for (const name of names) world.put('MonitoredApplication', name, application(name));
  await world.startOperator();
  await world.until('all are ready', () =>
    names.every((name) => world.condition('MonitoredApplication', name) === 'True Synced'),
  );
  return { world, names };
}

const held = (world: World, kind: DeclaredKind = 'MonitoredApplication'): number =>
  world.manager.names(kind).length;
const removals = (world: World): string[] => world.manager.writes.filter((one) => one.startsWith('DELETE'));

test.each([
  [10, 20, 2],
  [4, 20, 1],
  [1, 20, 1],
  [5000, 20, 1000],
  [10, 0, 0],
  [10, 100, 10],
])('of %i resources at %i percent, %i may go at once', (declared, percent, may) => {
  expect(allowance(declared, percent)).toBe(may);
});

test('a resource that is deleted goes from the Manager in seconds, fenced by its uid', async () => {
  const { world } = await withApplications(3);
  const { uid } = world.get('MonitoredApplication', 'app-1')!.metadata;
  world.remove('MonitoredApplication', 'app-1');
  const began = world.clock.now();
  await world.until('it is gone', () => held(world) === 2);
  expect(world.clock.now() - began).toBeLessThan(6000);
  expect(world.manager.requests.find(({ method }) => method === 'DELETE')?.query.get('uid')).toBe(uid);
  expect(world.configSynced()).toBe('True Synced');
});

test('what was deleted while the operator was down is found when it comes back', async () => {
  const { world } = await withApplications(6);
  await world.stopOperator();
  world.remove('MonitoredApplication', 'app-0');
  await world.startOperator();
  await world.until('it is gone', () => held(world) === 5);
  expect(removals(world)).toEqual(['DELETE MonitoredApplication/app-0']);
});

test('a Manager that does not answer loses no deletion', async () => {
  const { world } = await withApplications(3);
  await world.manager.stop();
  world.remove('MonitoredApplication', 'app-0');
  await world.pass(20_000);
  await world.manager.start();
  await world.until('it is gone', () => held(world) === 2);
  expect(removals(world)).toContain('DELETE MonitoredApplication/app-0');
});

test('many that go together stay in the Manager until the annotation allows it, for one sweep', async () => {
  const { world, names } = await withApplications(10);
  for (const name of names.slice(0, 3)) world.remove('MonitoredApplication', name);
  await world.until('it is blocked', () => world.configSynced() === 'False MassDeleteBlocked');
  expect(world.configMessage()).toContain('3 of 10 MonitoredApplication');
  await world.pass(130_000);
  expect([held(world), removals(world)]).toEqual([10, []]);

  annotate(world, 'ProcessMeter', 'meter', ALLOW);
  await world.until('they are gone', () => held(world) === 7);
  await world.until('it is used', () => world.configSynced() === 'True AllowanceUsed');

  for (const name of names.slice(3, 6)) world.remove('MonitoredApplication', name);
  await world.until('it is blocked again', () => world.configSynced() === 'False AllowanceUsedUp');
  await world.pass(70_000);
  expect(held(world)).toBe(7);
  annotate(world, 'ProcessMeter', 'meter', {});
  await world.until('it is open for the next', () => world.configSynced() === 'False MassDeleteBlocked');
  annotate(world, 'ProcessMeter', 'meter', ALLOW);
  await world.until('they are gone', () => held(world) === 4);
});

test('that the annotation was used outlives the operator', async () => {
  const { world, names } = await withApplications(10);
  await world.stopOperator();
  for (const name of names.slice(0, 5)) world.remove('MonitoredApplication', name);
  annotate(world, 'ProcessMeter', 'meter', ALLOW);
  const path = `/apis/processmeter.io/v1alpha1/namespaces/${NAMESPACE}/processmeters/meter`;
  const meter = world.get('ProcessMeter', 'meter')!;
  const said = {
    type: 'ConfigSynced',
    status: 'True',
    reason: 'AllowanceUsed',
    message: '',
    lastTransitionTime: '',
  };
  world.api.store.put(path, { ...meter, status: { conditions: [said] } });
  await world.startOperator();
  await world.until('it is blocked', () => world.configSynced() === 'False AllowanceUsedUp');
  expect(held(world)).toBe(10);
});

test('an annotation that no sweep needs waits for the one that does', async () => {
  const { world, names } = await withApplications(10);
  annotate(world, 'ProcessMeter', 'meter', ALLOW);
  world.remove('MonitoredApplication', names[0]!);
  await world.until('the one is gone', () => held(world) === 9);
  expect(world.configSynced()).toBe('True Synced');
  for (const name of names.slice(1, 8)) world.remove('MonitoredApplication', name);
  await world.until('seven are gone', () => held(world) === 2);
});

test('many that go one after the other are seen together', async () => {
  const { world, names } = await withApplications(10);
  for (const name of names) {
    world.remove('MonitoredApplication', name);
    await world.pass(2000);
  }
  await world.until('it is blocked', () => world.configSynced() === 'False MassDeleteBlocked');
  expect(removals(world)).toEqual([]);
});

test('resources that come back before anybody allowed it are held as before', async () => {
  const { world, names } = await withApplications(5);
  for (const name of names) world.remove('MonitoredApplication', name);
  await world.until('it is blocked', () => world.configSynced() === 'False MassDeleteBlocked');
  for (const name of names) world.put('MonitoredApplication', name, application(name));
  await world.until('all is well', () => world.configSynced() === 'True Synced');
  await world.until('all are ready', () =>
    names.every((name) => world.condition('MonitoredApplication', name) === 'True Synced'),
  );
  expect([held(world), removals(world)]).toEqual([5, []]);
});

test('one kind that is wiped out is no small share of all kinds', async () => {
  const { world } = await withApplications(10);
  world.put('LicensePool', 'one', pool('app-0'));
  world.put('LicensePool', 'two', pool('app-1'));
  await world.until('both are held', () => held(world, 'LicensePool') === 2);
  world.remove('LicensePool', 'one');
  world.remove('LicensePool', 'two');
  await world.until('it is blocked', () => world.configSynced() === 'False MassDeleteBlocked');
  expect(world.configMessage()).toContain('2 of 2 LicensePool');
  expect(held(world, 'LicensePool')).toBe(2);
});

test('a definition that is deleted wipes nothing, not even the only resource of its kind', async () => {
  const { world } = await withApplications(1);
  world.served.delete('monitoredapplications');
  world.remove('MonitoredApplication', 'app-0');
  await world.until('it says so', () => world.configSynced() === 'False DefinitionMissing');
  await world.pass(130_000);
  expect([held(world), removals(world)]).toEqual([1, []]);
  world.served.add('monitoredapplications');
  world.put('MonitoredApplication', 'app-0', application('app-0'));
  await world.until('all is well', () => world.configSynced() === 'True Synced');
  await world.until(
    'it is held anew',
    () => world.manager.rows[0]?.uid === world.get('MonitoredApplication', 'app-0')!.metadata.uid,
  );
});

test('a namespace that goes, with or without its ProcessMeter, wipes nothing', async () => {
  const { world, names } = await withApplications(10);
  const path = `/api/v1/namespaces/${NAMESPACE}`;
  const namespace = world.api.store.get(path)!;
  const deletionTimestamp = new Date(world.clock.now()).toISOString();
  world.api.store.put(path, { ...namespace, metadata: { ...namespace.metadata, deletionTimestamp } });
  world.remove('MonitoredApplication', names[0]!);
  await world.pass(70_000);
  expect(removals(world)).toEqual([]);
  world.remove('ProcessMeter', 'meter');
  for (const name of names.slice(1)) world.remove('MonitoredApplication', name);
  await world.pass(70_000);
  expect([held(world), removals(world)]).toEqual([10, []]);
});

test('what another cluster or another namespace declared is not looked at', async () => {
  const { world } = await withApplications(2);
  const row = { kind: 'MonitoredApplication', name: 'far', uid: 'u', createdAt: 1, generation: 1 } as const;
  const cluster = world.api.store.get(`/api/v1/namespaces/${NAMESPACE}`)!.metadata.uid!;
  world.manager.keep({ ...row, cluster: 'another', namespace: NAMESPACE });
  world.manager.keep({ ...row, cluster, namespace: 'elsewhere' });
  await world.pass(130_000);
  expect([held(world), removals(world)]).toEqual([4, []]);
});

test('what a late cache does not know is not taken for gone', async () => {
  const { world } = await withApplications(5);
  const { misbehave } = world.api;
  // The watch is deaf: what is made meanwhile is known to the server alone.
  for (const watch of world.api.watches) if (watch.path.includes('monitoredapplications')) watch.cut();
  world.api.misbehave = (request) =>
    request.watch && request.path.includes('monitoredapplications') ? 'silence' : misbehave(request);
  await world.pass(1000);
  const made = world.put('MonitoredApplication', 'late', application('Late'));
  const cluster = world.api.store.get(`/api/v1/namespaces/${NAMESPACE}`)!.metadata.uid!;
  const { uid = '' } = made.metadata;
  world.manager.keep({
    cluster,
    kind: 'MonitoredApplication',
    namespace: NAMESPACE,
    name: 'late',
    uid,
    createdAt: 1,
    generation: 1,
  });
  await world.pass(70_000);
  expect(world.manager.names('MonitoredApplication')).toContain('late');
  expect(removals(world)).toEqual([]);
});

test('what a resource misses after another was taken back is told', async () => {
  const { world } = await withApplications(5);
  world.put('LicensePool', 'pool', pool('app-0', 'app-1'));
  await world.until('it is ready', () => world.condition('LicensePool', 'pool') === 'True Synced');
  world.remove('MonitoredApplication', 'app-1');
  await world.until(
    'it misses one',
    () => world.condition('LicensePool', 'pool') === 'False ReferenceMissing',
  );
  expect(world.message('LicensePool', 'pool')).toContain('MonitoredApplication/app-1');
});

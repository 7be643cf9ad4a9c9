import { expect, test } from 'vitest';
import type { Look } from '../platform/once.ts';
import { SecretReader } from '../platform/secret-reader.ts';
import { DEPLOYMENTS, PROCESS_METERS } from '../resources.ts';
import type { KubeObject } from '../runtime/index.ts';
import { until } from '../testing/fake-clock.ts';
import { setUpRuntime } from '../testing/runtime-set-up.ts';
import { start, stopAndSwitch } from './switch.ts';

const CORE = '/api/v1/namespaces/metering';
const OURS = '/apis/processmeter.io/v1alpha1/namespaces/metering';
const SECRET = `${CORE}/secrets/meter-postgres`;
const URI = 'postgres://meter:secret@meter-postgres.metering.svc:5432';
const NEW = 'meter_restored_1234abcd';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
const named = (apiVersion: string, kind: string, body: object, name = 'meter'): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'metering', generation: 1 },
  ...body,
});
const readiness = (status: 'True' | 'False'): object => ({
  status: {
    observedGeneration: 1,
    conditions: [{ type: 'Ready', status, reason: 'R', message: 'said so', lastTransitionTime: '' }],
  },
});

/** An installation whose Manager and Ingest have ended, and a restore that is at the switch. */
async function setUp() {
  const { api, client, clock, informers, signal, sync } = await setUpRuntime();
  const put = (path: string, object: KubeObject): unknown => api.store.put(path, object);
  const tell = (status: 'True' | 'False', kinds: string[]): void => {
    for (const kind of kinds)
      put(
        `${OURS}/${kind.toLowerCase()}s/meter`,
        named('processmeter.io/v1alpha1', kind, { spec: {}, ...readiness(status) }),
      );
  };
  const deploy = (component: string, replicas: number): unknown =>
    put(
      `/apis/apps/v1/namespaces/metering/deployments/meter-${component}`,
      named(
        'apps/v1',
        'Deployment',
        { spec: { replicas }, status: { observedGeneration: 1, replicas } },
        `meter-${component}`,
      ),
    );
  const database = (name: string): unknown =>
    put(SECRET, named('v1', 'Secret', { data: { uri: encoded(`${URI}/${name}`) } }, 'meter-postgres'));
  tell('False', ['ProcessMeter', 'Manager', 'Ingest']);
  deploy('manager', 0);
  deploy('ingest', 0);
  database('meter');
  const [meters, deployments] = [informers.for(PROCESS_METERS), informers.for(DEPLOYMENTS)];
  await sync();
  const parts = {
    client,
    meters,
    deployments,
    secrets: new SecretReader({ client, informers }),
    releases: [],
    now: () => clock.now(),
  };
  const spec = {
    processMeter: { name: 'meter' },
    confirm: 'meter',
    from: { location: 'a' },
    identitySecretRef: { name: 'key' },
  };
  const object = named('processmeter.io/v1alpha1', 'ProcessMeterRestore', { spec });
  object.metadata.uid = '1234abcd-0000';
  const stoppingSince = new Date(clock.now()).toISOString();
  const look = (status: object = {}): Look => ({
    object,
    status: { step: 'Stopping', stoppingSince, ...status },
    signal,
  });
  const cached = (holds: () => boolean): Promise<void> => until('the cache has it', holds);
  const uri = (): string => Buffer.from(Object(api.store.get(SECRET)?.['data']).uri, 'base64').toString();
  return { api, clock, parts, look, tell, deploy, database, cached, uri, meters, deployments };
}

test('the old name is noted first, then the Secret names the new database; a second time changes nothing', async () => {
  const { api, parts, look, uri } = await setUp();
  const noted = await stopAndSwitch(look(), parts);
  expect(noted.fields).toEqual({ previousDatabase: 'meter' });
  expect(uri()).toBe(`${URI}/meter`);
  const switched = await stopAndSwitch(look(noted.fields), parts);
  expect(switched.fields).toMatchObject({ step: 'Starting' });
  expect(uri()).toBe(`${URI}/${NEW}`);
  // What was noted last was lost with the process.
  const writes = api.writes.length;
  expect((await stopAndSwitch(look(noted.fields), parts)).fields).toMatchObject({ step: 'Starting' });
  expect(api.writes).toHaveLength(writes);
});

test.each([
  [
    'a Manager that is still said to be ready',
    ({ tell }: World) => tell('True', ['Manager']),
    'Manager meter has not',
  ],
  [
    'pods that are still wanted',
    ({ deploy }: World) => deploy('ingest', 1),
    'Deployment meter-ingest still has pods',
  ],
  [
    'a pod that is ending',
    ({ api }: World) => api.store.put(`${CORE}/pods/ingest-1`, named('v1', 'Pod', {}, 'ingest-1')),
    '1 pod of meter-manager is still ending',
  ],
])('%s holds the switch up, and after ten minutes ends it with nothing changed', async (_, change, why) => {
  const world = await setUp();
  const { clock, parts, look, uri, cached, deployments } = world;
  change(world);
  await cached(() =>
    why.startsWith('Deployment')
      ? Object(deployments.get({ namespace: 'metering', name: 'meter-ingest' })?.['spec']).replicas === 1
      : true,
  );
  const waits = await stopAndSwitch(look(), parts);
  expect(waits.progress).toMatchObject({ state: 'reconciling', reason: 'Restoring' });
  expect(waits.progress.message).toContain(why);
  await clock.advance(601_000);
  const ended = await stopAndSwitch(look(), parts);
  expect(ended.progress).toMatchObject({ state: 'stalled', reason: 'RestoreFailed' });
  expect(uri()).toBe(`${URI}/meter`);
});
type World = Awaited<ReturnType<typeof setUp>>;

test('a switch that was done counts as done, however long ago the writers ended', async () => {
  const { clock, database, deploy, parts, look } = await setUp();
  database(NEW);
  deploy('ingest', 1);
  await clock.advance(3_600_000);
  expect((await stopAndSwitch(look({ previousDatabase: 'meter' }), parts)).fields).toMatchObject({
    step: 'Starting',
    switchedAt: expect.stringMatching(/^\d{4}-.*:\d\dZ$/),
  });
});

test('it is over when all that was ended is ready again, and the way back is named', async () => {
  const { parts, look, tell, cached, meters } = await setUp();
  const at = look({ step: 'Starting', asOf: '2026-11-30T02:15:00.000Z', previousDatabase: 'meter' });
  tell('True', ['Manager']);
  expect((await start(at, parts)).progress).toMatchObject({
    state: 'reconciling',
    message: 'Manager and Ingest begin on the new database. Ingest meter: said so',
  });
  tell('True', ['ProcessMeter', 'Ingest']);
  await cached(() => JSON.stringify(meters.get({ namespace: 'metering', name: 'meter' })).includes('"True"'));
  const { progress } = await start(at, parts);
  expect(progress).toMatchObject({ state: 'ready', reason: 'Restored' });
  expect(progress.message).toContain('meter, stays on the server until you drop it');
});

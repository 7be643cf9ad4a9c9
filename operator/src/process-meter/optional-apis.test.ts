import { expect, test } from 'vitest';
import { WIDGETS, widget, widgetPath } from '../testing/parts.ts';
import { setUpRuntime } from '../testing/runtime-set-up.ts';
import { OptionalApis } from './optional-apis.ts';

const LOOK_AGAIN_MS = 30_000;
const DISCOVERY = '/apis/example.com/v1';

/** An API server that serves the kind as long as `served` says so. */
async function setUp() {
  const { api, client, clock, signal } = await setUpRuntime();
  const cluster = { served: true };
  api.misbehave = ({ path }) => {
    if (!cluster.served && path.startsWith(DISCOVERY)) return { status: 404 };
    return path === DISCOVERY ? { status: 200, body: { resources: [{ name: 'widgets' }] } } : undefined;
  };
  const optional = new OptionalApis({
    client,
    monotonic: () => clock.monotonic(),
    lookAgainMs: LOOK_AGAIN_MS,
  });
  const owner = api.store.put(widgetPath('owner'), widget('owner'));
  const desired = { resource: WIDGETS, object: widget('one', { size: 1 }) };
  const by = { manager: 'test', signal };
  return {
    api,
    clock,
    cluster,
    owner,
    apply: () => optional.apply(desired, { ...by, owner }),
    applyWithoutOwner: () => optional.apply(desired, { ...by, owner: undefined }),
    serves: () => optional.serves(WIDGETS, signal),
  };
}

test('a kind that comes or goes is noticed with the next look, and not asked for before', async () => {
  const { api, clock, cluster, serves } = await setUp();
  expect(await serves()).toBe(true);
  cluster.served = false;
  expect(await serves()).toBe(true);
  expect(api.requests.filter(({ path }) => path === DISCOVERY)).toHaveLength(1);
  await clock.advance(LOOK_AGAIN_MS);
  expect(await serves()).toBe(false);
  cluster.served = true;
  await clock.advance(LOOK_AGAIN_MS);
  expect(await serves()).toBe(true);
});

test('what is there as wanted is not written again', async () => {
  const { api, apply } = await setUp();
  expect(await apply()).toMatchObject({ metadata: { name: 'one' } });
  await apply();
  expect(api.writes).toHaveLength(1);
});

test('a kind that goes between look and write is said to be gone, from then on', async () => {
  const { cluster, apply, serves } = await setUp();
  expect(await serves()).toBe(true);
  cluster.served = false;
  expect(await apply()).toBeUndefined();
  expect(await serves()).toBe(false);
});

test('an object lets go of its owner when it is to outlive it, and is written once for that', async () => {
  const { api, owner, apply, applyWithoutOwner } = await setUp();
  const owners = () => api.store.get(widgetPath('one'))?.metadata.ownerReferences;
  await apply();
  expect(owners()).toMatchObject([{ uid: owner.metadata.uid }]);
  await applyWithoutOwner();
  await applyWithoutOwner();
  expect(owners()).toEqual([]);
  expect(api.writes).toHaveLength(2);
});

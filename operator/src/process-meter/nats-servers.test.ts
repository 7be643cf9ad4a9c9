import { expect, test } from 'vitest';
import { STATEFUL_SETS } from '../resources.ts';
import type { KubeObject } from '../runtime/index.ts';
import { setUpRuntime } from '../testing/runtime-set-up.ts';
import { serversRefused } from './nats-servers.ts';

const SETS = '/apis/apps/v1/namespaces/metering/statefulsets/meter-nats';
const set = (replicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'meter-nats', namespace: 'metering' },
  spec: { replicas },
});

async function refused(present: number | undefined, wanted: number): Promise<unknown> {
  const { api, informers, sync } = await setUpRuntime();
  if (present !== undefined) api.store.put(SETS, set(present));
  const statefulSets = informers.for(STATEFUL_SETS);
  await sync();
  return serversRefused({ statefulSets }, [{ resource: STATEFUL_SETS, object: set(wanted) }]);
}

test.each([
  [undefined, 1],
  [undefined, 3],
  [1, 1],
  [3, 3],
  [3, 5],
])('%s server(s) may become %s', async (present, wanted) => {
  expect(await refused(present, wanted)).toBeUndefined();
});

test.each([
  [1, 3, 'There is one NATS server, and 3 are wanted'],
  [3, 1, 'There are 3 NATS servers, and 1 are wanted'],
  [5, 3, 'There are 5 NATS servers, and 3 are wanted'],
])('%s server(s) stay what they are when %s are wanted', async (present, wanted, message) => {
  expect(await refused(present, wanted)).toMatchObject({
    state: 'stall',
    reason: 'ServersCannotChange',
    message: expect.stringContaining(message),
  });
});

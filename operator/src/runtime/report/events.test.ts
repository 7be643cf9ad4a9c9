import { expect, test } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import { until } from '../../testing/fake-clock.ts';
import { widget } from '../../testing/parts.ts';
import { setUpRuntime } from '../../testing/runtime-set-up.ts';
import { EventRecorder } from './events.ts';

async function setUp() {
  const runtime = await setUpRuntime();
  let ids = 0;
  let lost = 0;
  const recorder = new EventRecorder({
    ...runtime,
    component: 'example.com/test',
    instance: 'pod-1',
    id: () => `id${(ids += 1)}`,
    lost: () => (lost += 1),
  });
  return { ...runtime, recorder, lost: () => lost };
}

const object: KubeObject = { ...widget('one'), metadata: { ...widget('one').metadata, uid: 'uid-1' } };
const input = {
  type: 'Warning',
  reason: 'NoDatabase',
  action: 'Connect',
  note: 'the secret is missing',
} as const;

test('an event names object, reason, action and who tells it, with six digits of time', async () => {
  const { api, recorder } = await setUp();
  recorder.record(object, input);
  await recorder.flush();
  expect(api.writes[0]!.path).toBe('/apis/events.k8s.io/v1/namespaces/default/events');
  expect(api.writes[0]!.body).toMatchObject({
    ...input,
    metadata: { name: 'one.id1', namespace: 'default' },
    eventTime: expect.stringMatching(/\.\d{6}Z$/),
    reportingController: 'example.com/test',
    reportingInstance: 'pod-1',
    regarding: { kind: 'Widget', name: 'one', uid: 'uid-1' },
  });
});

test('repetitions become one series, written at most every half minute', async () => {
  const { api, clock, recorder } = await setUp();
  for (let count = 0; count < 100; count += 1) recorder.record(object, input);
  await recorder.flush();
  expect(api.writes.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
  expect(api.writes[1]!.body).toMatchObject({ series: { count: 100 } });
  for (let count = 0; count < 5; count += 1) recorder.record(object, input);
  await clock.advance(29_000);
  expect(api.writes).toHaveLength(2);
  await clock.advance(2_000);
  await until('the series', () => api.writes.length === 3);
  expect(api.writes[2]!.body).toMatchObject({ series: { count: 105 } });
  await clock.advance(7 * 60_000);
  recorder.record(object, input);
  await recorder.flush();
  expect(api.writes.at(-1)!.method).toBe('POST');
});

test('an object gets ten events a minute, what is more is counted as lost; another object is not affected', async () => {
  const { api, clock, recorder, lost } = await setUp();
  for (let count = 0; count < 15; count += 1) recorder.record(object, { ...input, note: `note ${count}` });
  recorder.record({ ...object, metadata: { ...object.metadata, uid: 'uid-2' } }, input);
  await recorder.flush();
  expect(api.writes).toHaveLength(11);
  expect(lost()).toBe(5);
  await clock.advance(61_000);
  recorder.record(object, { ...input, note: 'later' });
  await recorder.flush();
  expect(api.writes).toHaveLength(12);
});

test('an event that cannot be written is counted, and nobody has to wait or to catch', async () => {
  const { api, recorder, lost } = await setUp();
  api.misbehave = ({ method }) => (method === 'POST' ? { status: 403 } : undefined);
  recorder.record(object, input);
  await recorder.flush();
  expect(lost()).toBe(1);
});

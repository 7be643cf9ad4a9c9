import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../runtime/index.ts';
import { FakeClock, until } from '../testing/fake-clock.ts';
import { ScriptedManager, type Disturbance } from '../testing/scripted-manager.ts';
import { ManagerError } from './manager-error.ts';
import { createManagerClient } from './manager-client.ts';

const at = { kind: 'MonitoredApplication', namespace: 'metering', name: 'cad' } as const;
const body = { cluster: 'c1', uid: 'u1', createdAt: 1000, generation: 1, spec: { displayName: 'CAD' } };
const { signal } = new AbortController();

async function setUp(clock: FakeClock | typeof systemClock = systemClock) {
  const manager = await new ScriptedManager().start();
  const client = createManagerClient({ clock, random: () => 0 });
  onTestFinished(async () => {
    await Promise.all([client.close(), manager.stop()]);
  });
  const asked: boolean[] = [];
  const to = {
    url: manager.url,
    token: (again: boolean) => {
      asked.push(again);
      return Promise.resolve(manager.token);
    },
  };
  /** Disturbs the first requests. */
  const first = (...disturbances: Disturbance[]): void => {
    manager.disturb = () => disturbances.shift();
  };
  return { manager, client, to, asked, first };
}

test('all pages of a list are read, of the cluster that is asked for', async () => {
  const { manager, client, to } = await setUp();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    await client.declare(to, { at: { ...at, name }, body }, signal);
  manager.keep({ ...body, ...at, cluster: 'c2' });
  const rows = await client.list(to, { kind: 'MonitoredApplication', cluster: 'c1' }, signal);
  expect(rows.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
});

test.each<[string, Disturbance]>([
  ['a cut connection', 'cut'],
  ['a server that is starting', { status: 503, code: 'PM-5003' }],
  ['an error of its own', { status: 500, code: 'PM-5000' }],
  ['a proxy without a server', { status: 502 }],
])('after %s it is asked again, three times at most', async (_what, disturbance) => {
  const { manager, client, to, first } = await setUp();
  first(disturbance, disturbance);
  await client.declare(to, { at, body }, signal);
  expect(manager.requests).toHaveLength(3);
  manager.disturb = () => disturbance;
  await expect(client.declare(to, { at, body }, signal)).rejects.toBeInstanceOf(ManagerError);
  expect(manager.requests).toHaveLength(6);
});

test.each([409, 422, 400, 404])('what is answered with %i is not asked again', async (status) => {
  const { manager, client, to, first } = await setUp();
  first({ status, code: 'PM-4022', detail: 'no' });
  await expect(client.declare(to, { at, body }, signal)).rejects.toMatchObject({ status, message: 'no' });
  expect(manager.requests).toHaveLength(1);
});

test('it waits as long as it is asked to, and not for an hour', async () => {
  const clock = new FakeClock();
  const { manager, client, to, first } = await setUp(clock);
  first({ status: 429, code: 'PM-4029', retryAfter: '5' });
  const done = client.declare(to, { at, body }, signal);
  await until('it was refused', () => manager.requests.length === 1);
  await until('it waits', async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return clock.timers === 1;
  });
  await clock.advance(4900);
  expect(manager.requests).toHaveLength(1);
  await clock.advance(300);
  await done;
  expect(manager.requests).toHaveLength(2);
  first({ status: 429, code: 'PM-4029', retryAfter: '3600' });
  await expect(client.declare(to, { at, body }, signal)).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
});

test('a server that never answers is given up after ten seconds', async () => {
  const clock = new FakeClock();
  const { manager, client, to } = await setUp(clock);
  manager.disturb = () => new Promise(() => undefined);
  let failure: unknown;
  void client.declare(to, { at, body }, signal).catch((error: unknown) => (failure = error));
  await until('it gave up', async () => {
    await clock.advance(1000);
    return failure !== undefined;
  });
  expect(failure).toMatchObject({ status: 0, message: 'no answer in 10000 ms' });
  expect(manager.requests).toHaveLength(3);
});

test('a token that is refused is read anew, once', async () => {
  const { client, to, asked, first, manager } = await setUp();
  first({ status: 401, code: 'PM-4002' });
  await client.declare(to, { at, body }, signal);
  expect(asked).toEqual([false, true]);
  manager.token = 'another';
  const stale = { ...to, token: () => Promise.resolve('stale') };
  await expect(client.declare(stale, { at, body }, signal)).rejects.toMatchObject({ status: 401 });
  expect(manager.requests).toHaveLength(4);
});

test('an answer that is none of a Manager is an error, and so is its page of HTML', async () => {
  const { client, to, first } = await setUp();
  first({ status: 200 }, { status: 200 }, { status: 200 });
  await expect(client.declare(to, { at, body }, signal)).rejects.toThrow('none of a Manager');
});

test('at most eight requests are on their way', async () => {
  const { manager, client, to } = await setUp();
  let open = 0;
  let most = 0;
  manager.disturb = () => {
    most = Math.max(most, (open += 1));
    return new Promise((resolve) =>
      setTimeout(() => {
        open -= 1;
        resolve();
      }, 10),
    );
  };
  const names = Array.from({ length: 40 }, (_, n) => `a${n}`);
  await Promise.all(names.map((name) => client.declare(to, { at: { ...at, name }, body }, signal)));
  expect(most).toBe(8);
});

test('taking back what another one took over is no error', async () => {
  const { manager, client, to } = await setUp();
  await client.declare(to, { at, body }, signal);
  await client.undeclare(to, { at, cluster: 'c1', uid: 'old' }, signal);
  expect(manager.rows).toHaveLength(1);
  await client.undeclare(to, { at, cluster: 'c1', uid: 'u1' }, signal);
  await client.undeclare(to, { at, cluster: 'c1', uid: 'u1' }, signal);
  expect(manager.rows).toEqual([]);
});

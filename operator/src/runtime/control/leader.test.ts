import { afterEach, expect, test } from 'vitest';
import { createClient } from '../kube/api-client.ts';
import { createTransport } from '../kube/transport.ts';
import type { KubeObject } from '../kube/object.ts';
import { FakeClock, settle, until } from '../../testing/fake-clock.ts';
import { createMetrics, testLog } from '../../testing/parts.ts';
import { StubApi, type StubRequest } from '../../testing/stub-api.ts';
import { LeaderElector } from './leader.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const PATH = '/apis/coordination.k8s.io/v1/namespaces/pm/leases/operator';

interface LeaseSpec {
  holderIdentity: string;
  leaseDurationSeconds: number;
  renewTime: string;
  acquireTime: string;
  leaseTransitions: number;
}

async function setUp(clock = new FakeClock()) {
  const api = await new StubApi().start();
  closers.push(() => api.stop());
  const stop = new AbortController();
  closers.push(() => Promise.resolve(stop.abort()));
  const lease = () => api.store.get(PATH)?.['spec'] as LeaseSpec | undefined;
  /** Both candidates live in the same time; each has its own connections. */
  const candidate = (identity: string, hadLeader = false) => {
    const { log } = testLog();
    const transport = createTransport({
      credentials: api.credentials,
      clock,
      random: () => 0.5,
      metrics: createMetrics().rest,
    });
    closers.push(() => transport.close());
    const told: boolean[] = [];
    const elector = new LeaderElector(
      { lease: { namespace: 'pm', name: 'operator' }, identity },
      {
        client: createClient(transport, { urgent: { timeoutMs: 5_000 } }),
        clock,
        random: () => 0.5,
        log,
        leading: (leading) => told.push(leading),
        hadLeader: () => hadLeader,
      },
    );
    return {
      elector,
      told,
      acquired: () => elector.acquire(stop.signal),
      held: () => elector.hold(stop.signal),
    };
  };
  /** Moves time a little and lets the requests that follow be answered, until the condition holds. */
  const advanceUntil = (what: string, holds: () => boolean, stepMs = 500) =>
    until(what, async () => {
      if (holds()) return true;
      await clock.advance(stepMs);
      await new Promise((resolve) => setTimeout(resolve, 4));
      return holds();
    });
  /** Moves time in small steps with the network in between, as life does. */
  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      await clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  };
  return { api, clock, stop, lease, candidate, advanceUntil, live };
}

test('of two candidates one leads, with a lease as other tools read it; the other waits as long as it is renewed', async () => {
  const { lease, candidate, live } = await setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  expect(await a.acquired()).toBe(true);
  expect(lease()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
  expect(lease()!.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const first = lease()!.renewTime;
  let second = false;
  void a.held();
  void b.acquired().then((got) => (second = got));
  await live(60_000);
  expect(second).toBe(false);
  expect(a.elector.mayWrite()).toBe(true);
  expect(b.elector.mayWrite()).toBe(false);
  expect(lease()!.renewTime > first).toBe(true);
  expect(lease()!.acquireTime).toBe(first);
  expect(a.told).toEqual([true]);
});

test('a leader that cannot renew stops before its lease ends, and only then another one leads', async () => {
  const { api, clock, lease, candidate, advanceUntil } = await setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  await a.acquired();
  const startedAt = clock.monotonic();
  let lostAt = 0;
  let bothAt = false;
  void a.held().then(() => (lostAt = clock.monotonic()));
  let leadsAt = 0;
  void b.acquired().then(() => (leadsAt = clock.monotonic()));
  // Nothing of the leader arrives any more: a half-open connection.
  api.misbehave = ({ method, body }: StubRequest) =>
    method !== 'GET' && (body as { spec: LeaseSpec }).spec.holderIdentity === 'a' ? 'silence' : undefined;
  await advanceUntil('the other leads', () => {
    bothAt ||= a.elector.mayWrite() && b.elector.mayWrite();
    return leadsAt > 0;
  });
  expect(lostAt - startedAt).toBeGreaterThanOrEqual(10_000);
  expect(lostAt - startedAt).toBeLessThanOrEqual(12_000);
  expect(leadsAt - startedAt).toBeGreaterThan(15_000);
  expect(bothAt).toBe(false);
  expect(lease()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  expect(a.told).toEqual([true, false]);
});

test('a slow API server of a few seconds loses nobody the lease', async () => {
  const { api, candidate, live } = await setUp();
  const a = candidate('a');
  await a.acquired();
  let lost = false;
  void a.held().then(() => (lost = true));
  let count = 0;
  api.misbehave = ({ method }) => (method !== 'GET' && (count += 1) % 3 !== 0 ? { status: 500 } : undefined);
  await live(60_000);
  expect(lost).toBe(false);
  expect(a.elector.mayWrite()).toBe(true);
});

test('an API server that refuses is asked again when it said, and the lease is kept meanwhile', async () => {
  const { api, clock, candidate, live } = await setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  await a.acquired();
  const refused: number[] = [];
  const waits: number[] = [];
  let renewals = 0;
  let lost = false;
  void a.held().then(() => (lost = true));
  api.misbehave = ({ method }) => {
    const now = clock.monotonic();
    if (refused.length > waits.length) waits.push(now - (refused.at(-1) ?? now));
    // Every second renewal is refused, so that it comes in time.
    if (method === 'GET' || (renewals += 1) % 2 === 0) return undefined;
    refused.push(now);
    return { status: 429, headers: { 'retry-after': '5' } };
  };
  await live(60_000);
  expect(lost).toBe(false);
  expect(waits.length).toBeGreaterThan(5);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(5000);

  api.misbehave = () => ({ status: 429, headers: { 'retry-after': '86400' } });
  const before = api.requests.length;
  void b.acquired();
  await live(60_000);
  // Once a lease, not once a day.
  expect(api.requests.length - before).toBeGreaterThanOrEqual(3);
  expect(api.requests.length - before).toBeLessThanOrEqual(8);
});

test('a process that was stopped for longer than its lease knows when it wakes that it may not write', async () => {
  const { clock, candidate } = await setUp();
  const a = candidate('a');
  await a.acquired();
  let outcome = '';
  void a.held().then((end) => (outcome = end));
  clock.freeze(30_000);
  // No timer has run yet.
  expect(a.elector.mayWrite()).toBe(false);
  await clock.advance(2_000);
  await until('it says so', () => outcome === 'lost');
});

test('wall clocks may differ and jump: a lease from the future or from the past is waited for just the same', async () => {
  const { api, clock, lease, candidate, advanceUntil } = await setUp();
  for (const renewTime of ['2000-01-01T00:00:00.000000Z', '2100-01-01T00:00:00.000000Z']) {
    api.store.put(PATH, leaseOf({ holderIdentity: 'gone', renewTime }));
    const b = candidate(`b-${renewTime}`);
    let leads = false;
    const from = clock.monotonic();
    void b.acquired().then(() => (leads = true));
    clock.jump(3_600_000);
    await advanceUntil('it leads', () => leads);
    expect(clock.monotonic() - from).toBeGreaterThan(15_000);
    expect(clock.monotonic() - from).toBeLessThan(20_000);
    expect(lease()!.holderIdentity).toBe(`b-${renewTime}`);
    clock.jump(-3_600_000);
  }
});

test('a lease that is stolen, even in the name of a candidate, is noticed by the leader at its next renewal', async () => {
  const { api, candidate, clock, live } = await setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  await a.acquired();
  let outcome = '';
  void a.held().then((end) => (outcome = end));
  let both = false;
  let secondLeads = false;
  await live(4_000);
  api.store.put(PATH, { ...api.store.get(PATH)!, ...leaseOf({ holderIdentity: 'b' }) });
  void b.acquired().then((got) => (secondLeads = got));
  for (let step = 0; step < 40; step += 1) {
    await clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 4));
    both ||= a.elector.mayWrite() && b.elector.mayWrite();
    if (step === 5) expect(outcome).toBe('lost');
  }
  await until('the other leads', async () => {
    await clock.advance(500);
    return secondLeads;
  });
  expect(both).toBe(false);
});

test('a lease that is deleted under its holder is made again by the holder, not taken by who waits', async () => {
  const { api, candidate, lease, live } = await setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  await a.acquired();
  void a.held();
  let secondLeads = false;
  void b.acquired().then((got) => (secondLeads = got));
  await live(5_000);
  api.store.delete(PATH);
  await live(10_000);
  expect(lease()!.holderIdentity).toBe('a');
  expect(secondLeads).toBe(false);
  expect(a.elector.mayWrite()).toBe(true);
});

test('a lease that is deleted while another one starts is not taken by that one', async () => {
  const { api, candidate, lease, live } = await setUp();
  const [a, late] = [candidate('a'), candidate('late', true)];
  await a.acquired();
  void a.held();
  await live(1_000);
  let lateLeads = false;
  api.store.delete(PATH);
  void late.acquired().then((got) => (lateLeads = got));
  await live(20_000);
  expect(lease()!.holderIdentity).toBe('a');
  expect(lateLeads).toBe(false);
  expect(a.elector.mayWrite()).toBe(true);
});

test('a lease that somebody sets free under its holder is taken again by the holder, not by who waits', async () => {
  const { api, candidate, lease, live } = await setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  await a.acquired();
  void a.held();
  let secondLeads = false;
  void b.acquired().then((got) => (secondLeads = got));
  await live(5_000);
  api.store.put(PATH, { ...api.store.get(PATH)!, ...leaseOf({ holderIdentity: '' }) });
  await live(10_000);
  expect(lease()!.holderIdentity).toBe('a');
  expect(secondLeads).toBe(false);
  expect(a.elector.mayWrite()).toBe(true);
});

test('two candidates that find a free lease at the same time: one of them leads', async () => {
  const { api, candidate, live } = await setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  let gates: (() => void)[] = [];
  api.misbehave = ({ method }) =>
    method === 'GET' ? undefined : new Promise<void>((resolve) => gates.push(resolve));
  const leads: string[] = [];
  void a.acquired().then((got) => got && leads.push('a'));
  void b.acquired().then((got) => got && leads.push('b'));
  await until('both write', () => gates.length === 2);
  api.misbehave = () => undefined;
  for (const open of gates) open();
  gates = [];
  await live(5_000);
  expect(leads).toHaveLength(1);
});

test('released, the lease is free at once and its former holder writes no more', async () => {
  const { stop, candidate, lease, advanceUntil } = await setUp();
  const [a, b] = [candidate('a'), candidate('b')];
  await a.acquired();
  let leads = false;
  void b.acquired().then(() => (leads = true));
  await settle();
  await a.elector.release();
  expect(lease()!.holderIdentity).toBe('');
  expect(a.elector.mayWrite()).toBe(false);
  await advanceUntil('the other leads', () => leads);
  expect(lease()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  expect(stop.signal.aborted).toBe(false);
});

test('whoever waits while the signal ends it does not lead', async () => {
  const { api, stop, candidate } = await setUp();
  api.store.put(PATH, leaseOf({ holderIdentity: 'other' }));
  const waiting = candidate('a').acquired();
  await until('it asked', () => api.requests.length === 1);
  stop.abort();
  expect(await waiting).toBe(false);
  expect(api.writes).toHaveLength(0);
});

function leaseOf(spec: Partial<LeaseSpec>): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'operator', namespace: 'pm' },
    spec: {
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      renewTime: '2026-01-01T00:00:00.000000Z',
      ...spec,
    },
  };
}

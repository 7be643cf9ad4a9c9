import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '@process-meter/e2e/lab';
import { seededRandom, shuffled } from '@process-meter/e2e/stack/seeded';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { apiServer, type ApiServer } from './api-server.ts';
import { externalProcessMeter, inNamespace } from './installation.ts';
import { until } from './owned-objects.ts';
import { LEASE, leasePath, startCrew, type Crew } from './testing/crew.ts';
import { startDrift } from './testing/drift.ts';
import type { Choose, FaultProxy } from './testing/fault-proxy.ts';
import type { Fault } from './testing/faults.ts';
import { brokenInvariants } from './testing/invariants.ts';
import { credentialIn, leaseHistory } from './testing/lease-history.ts';
import { meddle } from './testing/meddling.ts';
import { Network } from './testing/network.ts';
import { busiestSecond, inWords, tooEarly } from './testing/request-pace.ts';
import { rollOut } from './testing/roll-out.ts';
import { objectWrites, operatorWrites, settled, told } from './testing/writes.ts';
import { NAMESPACE, startWorld, type World } from './world.ts';

/** How many faults there are in the mix; `npm run test:long` raises it. */
const FAULTS = Math.max(1, Math.round(Number(process.env['PM_KILLS'] ?? 22) / 2));
const SEED = Number(process.env['PM_SEED'] ?? Date.now() % 1_000_000);
/** Longer where the machine is busy: a lease that cannot be renewed in time is lost. */
const LEASE_MS = Number(process.env['PM_LEASE_MS'] ?? 3000);
/** For tests in which nobody is to lose the lease. */
const LONG_LEASE_MS = 60_000;
const SILENCE_MS = 3000;
/** How long everything is refused. */
const STORM_MS = 6000;

let world: World;
let lab: Lab;
let api: ApiServer;

beforeAll(async () => {
  world = await startWorld({ nodes: 2, audit: { leases: true } });
  ({ lab } = world);
  api = apiServer(lab);
  await lab.apply(inNamespace(NAMESPACE, [externalProcessMeter()]));
});
afterAll(async () => {
  api?.close();
  await lab?.stop();
});

const say = (line: string): void => void process.stdout.write(`api-faults: ${line}\n`);
const random = seededRandom(SEED);

/** Operators whose ways to the API server the test spoils; they end with the test. */
async function crewOf(
  size: number,
  times: { leaseMs: number; silenceMs?: number },
): Promise<{ crew: Crew; network: Network }> {
  const network = new Network(lab);
  const { leaseMs, silenceMs = SILENCE_MS } = times;
  const env = { PM_LEASE_MS: String(leaseMs), PM_WATCH_SILENCE_MS: String(silenceMs) };
  const crew = await startCrew(world, api, { size, env, through: network.through });
  onTestFinished(async () => {
    network.everywhere((way) => way.pass());
    await crew.stop();
    await network.close();
    // As who ends in order does: one that had to be killed would let the next wait for its lease.
    const released = { holderIdentity: '', leaseDurationSeconds: 1 };
    await api.call('PATCH', leasePath(NAMESPACE), { spec: released });
  });
  return { crew, network };
}

/** A share of the requests, but the same not more than three times in a row: one of five tries comes through. */
function some(share: number, fault: Fault): Choose {
  const inARow = new Map<string, number>();
  return (request) => {
    const what = inWords(request);
    const count = (inARow.get(what) ?? 0) + 1;
    const hit = count <= 3 && random() < share;
    inARow.set(what, hit ? count : 0);
    return hit ? fault : undefined;
  };
}

/** Of a crew whose leases are short. */
async function trespasses({ names }: Crew): Promise<string[]> {
  const writes = (await operatorWrites(lab)).filter((entry) => names.has(credentialIn(entry)));
  return leaseHistory(writes, { name: LEASE, leaseMs: LEASE_MS }).trespasses;
}

test('429 with Retry-After: it waits as long as it is told, comes to an end, and never hammers', async () => {
  const { crew, network } = await crewOf(1, { leaseMs: LONG_LEASE_MS, silenceMs: 90_000 });
  network.everywhere((way) => way.inject(some(0.1, { kind: 'refuse', status: 429, retryAfterS: 1 })));
  const since = Date.now();
  await settled(lab);
  const way = network.of(await crew.leader());
  const refused = way.seen.filter(({ fault }) => fault !== undefined).length;
  say(
    `installed in ${Date.now() - since} ms with ${refused} of ${way.seen.length} requests refused, ${busiestSecond(way.seen)} in the busiest second`,
  );
  expect(tooEarly(way.seen)).toEqual([]);
  expect(refused).toBeGreaterThan(5);

  // Everything is refused, and every watch has to be opened anew.
  const before = way.seen.length;
  way.inject(() => ({ kind: 'refuse', status: 429, retryAfterS: 2 }));
  way.hangUp();
  const { repaired } = await meddle(api);
  await pause(STORM_MS);
  const stormy = way.seen.slice(before);
  const passedAt = Date.now();
  way.pass();
  await repaired();
  const kinds = new Set(stormy.map((request) => inWords(request))).size;
  say(
    `refused altogether for ${STORM_MS} ms: ${stormy.length} requests for ${kinds} things, ${busiestSecond(stormy)} in the busiest second, ` +
      `put right ${Date.now() - passedAt} ms later`,
  );
  expect(tooEarly(way.seen)).toEqual([]);
  // Each thing at once and then every two seconds.
  expect(stormy.length).toBeLessThanOrEqual(kinds * 4);
});

test('half-open watches are noticed by their silence; what was changed meanwhile is acted upon', async () => {
  const { crew, network } = await crewOf(1, { leaseMs: LONG_LEASE_MS });
  await settled(lab);
  const leader = await crew.leader();
  for (const which of ['watches', 'all'] as const) {
    network.of(leader).freeze(which);
    const { isRepaired, repaired } = await meddle(api);
    await pause(SILENCE_MS + 500);
    expect(await isRepaired()).toBe(false);
    const since = Date.now();
    network.of(leader).pass();
    await repaired();
    say(`half-open (${which}) for ${SILENCE_MS + 500} ms, acted upon ${Date.now() - since} ms later`);
    expect(Date.now() - since).toBeLessThan(60_000);
  }
  expect(await crew.leader()).toBe(leader);
});

const renewals: Choose = ({ path }) => (path.includes('/leases') ? { kind: 'hang' } : undefined);

test.each([
  ['nothing', (way: FaultProxy) => way.freeze('all')],
  ['everything but its renewals', (way: FaultProxy) => way.inject(renewals)],
])('a leader of whom %s comes through ends, and writes nothing beside the next', async (what, cutOff) => {
  const { crew, network } = await crewOf(2, { leaseMs: LEASE_MS });
  await settled(lab);
  const leader = await crew.leader();
  const drift = startDrift(api);
  await until('it works', async () => {
    return (await objectWrites(lab)).some((entry) => credentialIn(entry) === leader.credential);
  });
  const since = Date.now();
  cutOff(network.of(leader));
  expect(await leader.process.ended).toBe(1);
  const endedAfter = Date.now() - since;
  const other = await crew.leader(leader);
  await until('the next one works', async () => {
    return (await objectWrites(lab, since)).some((entry) => credentialIn(entry) === other.credential);
  });
  say(
    `${what} came through: it ended after ${endedAfter} ms, the next wrote ${Date.now() - since} ms after the cut, lease ${LEASE_MS} ms`,
  );
  await drift.stop();
  expect(await trespasses(crew)).toEqual([]);
});

test('a lease that is deleted in the moment in which another operator starts: never do two write', async () => {
  const { crew, network } = await crewOf(2, { leaseMs: LEASE_MS });
  await settled(lab);
  const leader = await crew.leader();
  const standby = crew.members.find((member) => member !== leader);
  const known = [leader, standby ?? leader].map((member) => network.of(member));
  const drift = startDrift(api);
  await until('it works', async () => {
    return (await objectWrites(lab)).some((entry) => credentialIn(entry) === leader.credential);
  });
  let deleted: Promise<unknown> | undefined;
  network.everywhere((way) =>
    way.inject(({ path }) => {
      if (!path.includes('/leases')) return undefined;
      // So that it is not there again before the new one looks.
      if (known.includes(way)) return { kind: 'delay', ms: LEASE_MS / 8 };
      if (deleted !== undefined) return undefined;
      deleted = api.call('DELETE', leasePath(NAMESPACE));
      return { kind: 'delay', ms: LEASE_MS / 10 };
    }),
  );
  await standby?.process.stop('SIGKILL');
  await until('the new one looks', () => deleted !== undefined);
  expect(await deleted).toMatchObject({ status: 200 });
  const since = Date.now();
  await crew.leader();
  await until('whoever holds it then works', async () => {
    return (await objectWrites(lab, since + LEASE_MS)).length > 3;
  });
  network.everywhere((way) => way.pass());
  await drift.stop();
  expect(await trespasses(crew)).toEqual([]);
});

test('the API server killed and etcd compacted while it hears nothing: told 410, it lists anew and acts on what it missed', async () => {
  const { crew, network } = await crewOf(1, { leaseMs: LONG_LEASE_MS });
  await settled(lab);
  const leader = await crew.leader();
  const way = network.of(leader);
  way.freeze('watches');
  const { repaired } = await meddle(api);
  await lab.restartApiServer({ signal: 'SIGKILL', whileDown: () => lab.compact() });
  const since = Date.now();
  const before = way.seen.length;
  way.pass();
  await repaired();
  const after = way.seen.slice(before);
  const gone = after.filter(({ watch, status }) => watch && status === 410).length;
  say(`API server killed: ${gone} watches were told 410, acted upon after ${Date.now() - since} ms`);
  expect(gone).toBeGreaterThan(0);
  expect(await crew.leader()).toBe(leader);
});

type Trouble = (network: Network, crew: Crew) => unknown;
const everywhere =
  (weather: (way: FaultProxy) => void): Trouble =>
  (network) =>
    network.everywhere(weather);

const TROUBLES: Readonly<Record<string, Trouble>> = {
  '429': everywhere((way) => way.inject(some(0.4, { kind: 'refuse', status: 429, retryAfterS: 1 }))),
  '500': everywhere((way) => way.inject(some(0.4, { kind: 'refuse', status: 500 }))),
  '503': everywhere((way) => way.inject(some(0.4, { kind: 'refuse', status: 503 }))),
  reset: everywhere((way) => way.inject(some(0.3, { kind: 'reset' }))),
  cut: everywhere((way) => way.inject(some(0.3, { kind: 'cut' }))),
  late: everywhere((way) => way.inject(some(0.5, { kind: 'delay', ms: random() * 500 }))),
  'half-open watches': everywhere((way) => way.freeze('watches')),
  'hung up': everywhere((way) => way.hangUp()),
  'leader cut off': async (network, crew) => network.of(await crew.leader()).freeze('all'),
  'renewals hang': async (network, crew) => network.of(await crew.leader()).inject(renewals),
  'API server killed': () => lab.restartApiServer({ signal: 'SIGKILL' }),
};

test(
  `${FAULTS} faults of every kind during roll-outs, while things are changed by hand: it converges, and then writes nothing`,
  async () => {
    const { crew, network } = await crewOf(2, { leaseMs: LEASE_MS });
    await settled(lab);
    await crew.leader();
    const since = Date.now();
    const drift = startDrift(api);
    const did: string[] = [];
    while (did.length < FAULTS)
      for (const [name, trouble] of shuffled(Object.entries(TROUBLES), random).slice(
        0,
        FAULTS - did.length,
      )) {
        if (did.length % 3 === 0) await rollOut(api, did.length);
        await trouble(network, crew);
        await pause(1000 + random() * 1500);
        network.everywhere((way) => way.pass());
        await pause(random() * 500);
        did.push(name);
      }
    const troubledFor = Date.now() - since;
    await drift.stop();
    await settled(lab);
    const restAfter = Date.now() - since - troubledFor;
    const writes = await operatorWrites(lab);
    say(
      `seed ${SEED}: ${did.join(', ')}; ${drift.changes} changes by hand in ${Math.round(troubledFor / 1000)} s, ` +
        `${crew.names.size} operators, ${(await objectWrites(lab, since)).length} writes, at rest ${restAfter} ms after the last`,
    );
    const broken = await brokenInvariants({ lab, api, namespace: NAMESPACE }, writes);
    expect({ broken, trespasses: await trespasses(crew) }).toEqual({ broken: [], trespasses: [] });
    const quiet = Date.now();
    await pause(3000);
    expect(told(await objectWrites(lab, quiet))).toEqual([]);
  },
  180_000 + FAULTS * 10_000,
);

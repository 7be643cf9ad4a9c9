import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '@process-meter/e2e/lab';
import { seededRandom } from '@process-meter/e2e/stack/seeded';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiServer, type ApiServer } from './api-server.ts';
import { externalProcessMeter, inNamespace } from './installation.ts';
import { until } from './owned-objects.ts';
import { LEASE, leasePath, startCrew, type Crew } from './testing/crew.ts';
import { startDrift } from './testing/drift.ts';
import { brokenInvariants } from './testing/invariants.ts';
import { credentialIn, leaseHistory, type LeaseHistory } from './testing/lease-history.ts';
import { rollOut } from './testing/roll-out.ts';
import { objectWrites, operatorWrites, settled, told } from './testing/writes.ts';
import { NAMESPACE, startWorld, type World } from './world.ts';

/** How often the leader is killed; `npm run test:long` raises it. */
const KILLS = Math.max(1, Math.round(Number(process.env['PM_KILLS'] ?? 20) / 2));
const FREEZES = Math.max(2, Math.round(KILLS / 5));
const SEED = Number(process.env['PM_SEED'] ?? Date.now() % 1_000_000);
/** Longer where the machine is busy: a lease that cannot be renewed in time is lost. */
const LEASE_MS = Number(process.env['PM_LEASE_MS'] ?? 3000);

let world: World;
let lab: Lab;
let api: ApiServer;
let crew: Crew;

beforeAll(async () => {
  world = await startWorld({ nodes: 2, audit: { leases: true } });
  ({ lab } = world);
  api = apiServer(lab);
  crew = await startCrew(world, api, { size: 2, env: { PM_LEASE_MS: String(LEASE_MS) } });
  await lab.apply(inNamespace(NAMESPACE, [externalProcessMeter()]));
  await settled(lab);
});
afterAll(async () => {
  await crew?.stop();
  api?.close();
  await lab?.stop();
});

const say = (line: string): void => void process.stdout.write(`leaders: ${line}\n`);
const random = seededRandom(SEED);

async function history(): Promise<LeaseHistory> {
  return leaseHistory(await operatorWrites(lab), { name: LEASE, leaseMs: LEASE_MS });
}

test(
  `the leader killed ${KILLS} times during a roll-out: it converges, with nothing twice and nothing left over`,
  async () => {
    const since = Date.now();
    const before = crew.names.size;
    for (let n = 0; n < KILLS; n += 1) {
      const leader = await crew.leader();
      if (n % 2 === 0) await rollOut(api, n / 2);
      await pause(random() * 1000);
      await leader.process.stop('SIGKILL');
    }
    const killedFor = Date.now() - since;
    await settled(lab);
    const { trespasses, turns } = await history();
    const broken = await brokenInvariants({ lab, api, namespace: NAMESPACE }, await operatorWrites(lab));
    say(
      `seed ${SEED}: ${KILLS} kills in ${Math.round(killedFor / 1000)} s, ${turns.length} turns, ` +
        `${(await objectWrites(lab, since)).length} writes, at rest ${Date.now() - since - killedFor} ms after the last`,
    );
    expect({ broken, trespasses }).toEqual({ broken: [], trespasses: [] });
    expect(crew.names.size - before).toBeGreaterThanOrEqual(KILLS);
    expect(turns.length).toBeGreaterThanOrEqual(KILLS);
  },
  120_000 + KILLS * 15_000,
);

test(
  `a leader that was stopped for longer than its lease, ${FREEZES} times: awake again it writes nothing and ends`,
  async () => {
    await settled(lab);
    const before = (await history()).turns.length;
    const drift = startDrift(api);
    for (let n = 0; n < FREEZES; n += 1) {
      const zombie = await crew.leader();
      await until('it works', async () => {
        return (await objectWrites(lab)).some((entry) => credentialIn(entry) === zombie.credential);
      });
      await pause(random() * 500);
      process.kill(zombie.process.pid, 'SIGSTOP');
      const other = await crew.leader(zombie);
      await pause(500);
      process.kill(zombie.process.pid, 'SIGCONT');
      expect(await zombie.process.ended).toBe(1);
      expect(other.process.log().some(({ msg }) => msg === 'leading')).toBe(true);
    }
    await drift.stop();
    await settled(lab);
    const { trespasses, turns } = await history();
    say(`${FREEZES} leaders stopped and awake again, ${drift.changes} changes by hand meanwhile`);
    expect(trespasses).toEqual([]);
    expect(turns.length - before).toBeGreaterThanOrEqual(FREEZES);
  },
  120_000 + FREEZES * 20_000,
);

const THEFTS: Readonly<Record<string, () => Promise<unknown>>> = {
  'given to a stranger': () =>
    api.call('PATCH', leasePath(NAMESPACE), { spec: { holderIdentity: 'somebody' } }),
  deleted: () => api.call('DELETE', leasePath(NAMESPACE)),
  'set free': () => api.call('PATCH', leasePath(NAMESPACE), { spec: { holderIdentity: '' } }),
};

test.each(Object.keys(THEFTS))('a lease that is %s by hand: never do two write', async (how) => {
  const drift = startDrift(api);
  await crew.leader();
  await pause(1000);
  const stolenAt = Date.now();
  await THEFTS[how]?.();
  await crew.leader();
  await until('whoever holds it then works', async () => {
    return (await objectWrites(lab, stolenAt + LEASE_MS)).length > 3;
  });
  await drift.stop();
  const { trespasses } = await history();
  expect(trespasses).toEqual([]);
});

test('after all of this nothing is broken, and nothing is written any more', async () => {
  await settled(lab);
  const since = Date.now();
  await pause(3000);
  expect(told(await objectWrites(lab, since))).toEqual([]);
  const all = await operatorWrites(lab);
  expect(await brokenInvariants({ lab, api, namespace: NAMESPACE }, all)).toEqual([]);
  expect((await history()).trespasses).toEqual([]);
});

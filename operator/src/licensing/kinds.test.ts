import type { Declared } from '@process-meter/contract';
import { expect, test } from 'vitest';
import { dayIn } from './day.ts';
import { LICENSING_KINDS, type Observation } from './kinds.ts';

const now = Date.UTC(2026, 10, 30, 12);

const answer: Declared = {
  id: 1,
  kind: 'LicensePool',
  namespace: 'metering',
  name: 'pool',
  uid: 'u',
  generation: 1,
  missing: [],
  application: null,
  pool: { inUse: 9, peak24h: 12, available: 1 },
};

function observe(
  kind: string,
  spec: object,
  given: Partial<Observation> & { answer?: Partial<Declared> } = {},
) {
  const held = { answer: { ...answer, ...given.answer }, observedAt: now, broughtAt: 0 };
  const today = (): string => '2026-11-30';
  const observation = { spec, held, missing: [], before: {}, now, everyMs: 60_000, today, ...given };
  const { fields, conditions } = LICENSING_KINDS.find((one) => one.kind.kind === kind)!.observe(observation);
  return { fields, conditions: conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`) };
}

const pool = { displayName: 'P', metric: 'Concurrent', quantity: 10, source: 'Declared' };
const contract = (endDate: string, renewalNoticeDays?: number) => ({
  ...pool,
  contract: { endDate, renewalNoticeDays },
});

test('a pool says what is in use, and that there are free licences', () => {
  const { fields, conditions } = observe('LicensePool', pool);
  expect(fields).toEqual({
    use: { inUse: 9, peak24h: 12, available: 1, observedAt: '2026-11-30T12:00:00Z' },
  });
  expect(conditions).toEqual(['Exhausted False LicensesFree', 'Expiring False NoEnd', 'Expired False NoEnd']);
});

test('a pool is exhausted when all or more are in use; one that agents do not count does not say', () => {
  const full = { pool: { inUse: 11, peak24h: 12, available: -1 } };
  expect(observe('LicensePool', pool, { answer: full }).conditions[0]).toBe('Exhausted True AllInUse');
  const uncounted = observe('LicensePool', pool, { answer: { pool: null } });
  expect(uncounted.conditions[0]).toBe('Exhausted Unknown NotCounted');
  expect(uncounted.fields).toEqual({ use: undefined });
});

test.each([
  ['2026-11-29', undefined, 'Expiring False EndIsOver', 'Expired True EndIsOver'],
  ['2026-11-30', undefined, 'Expiring False EndIsFar', 'Expired False EndIsFar'],
  ['2026-12-30', 30, 'Expiring True EndIsNear', 'Expired False EndIsNear'],
  ['2026-12-31', 30, 'Expiring False EndIsFar', 'Expired False EndIsFar'],
])('with its last day on %s and notice of %s days: %s, %s', (endDate, notice, expiring, expired) => {
  const { conditions } = observe('LicensePool', contract(endDate, notice));
  expect(conditions.slice(1)).toEqual([expiring, expired]);
});

test('a policy says how many of its applications are there', () => {
  const spec = {
    priority: 1,
    applications: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
    idle: { after: '30m', action: 'Observe' },
  };
  const missing = ['MonitoredApplication/b'];
  expect(observe('ApplicationPolicy', spec, { missing }).fields).toEqual({ matchedApplications: 2 });
});

test('days begin where the installation is', () => {
  const late = Date.UTC(2026, 10, 30, 23, 30);
  expect([dayIn('Europe/Berlin', late), dayIn('UTC', late), dayIn('Nowhere/Zone', late)]).toEqual([
    '2026-12-01',
    '2026-11-30',
    '2026-11-30',
  ]);
});

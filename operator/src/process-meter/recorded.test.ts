import { ANNOTATIONS } from '@process-meter/crds';
import { expect, test } from 'vitest';
import type { KubeObject } from '../runtime/index.ts';
import { withSchema } from './recorded.ts';

const METER: KubeObject = {
  apiVersion: 'processmeter.io/v1alpha1',
  kind: 'ProcessMeter',
  metadata: { name: 'meter', uid: 'uid-1' },
};

const migrated = (schema: string, completionTime: string): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name: `migrate-${schema}`,
    annotations: { [ANNOTATIONS.schema]: schema },
    ownerReferences: [{ apiVersion: '', kind: '', name: 'meter', uid: 'uid-1', controller: true }],
  },
  status: { completionTime, conditions: [{ type: 'Complete', status: 'True' }] },
});

const restored = (
  switchedAt: string | undefined,
  schemaVersion: string,
  processMeter = 'meter',
): KubeObject => ({
  apiVersion: METER.apiVersion,
  kind: 'ProcessMeterRestore',
  metadata: { name: `at-${switchedAt}` },
  spec: {
    processMeter: { name: processMeter },
    confirm: processMeter,
    from: { location: 'a' },
    identitySecretRef: { name: 'key' },
  },
  status: { step: 'Starting', schemaVersion, ...(switchedAt === undefined ? {} : { switchedAt }) },
});

const UPGRADED = migrated('0012', '2026-12-01T10:00:00Z');
const BACK = '2026-12-01T11:00:00Z';
const before = { schemaVersion: '0012' };

test('a restore that replaced the database says which schema it has, although a newer one had run before', () => {
  expect(withSchema(METER, before, { jobs: [UPGRADED], restores: [restored(BACK, '0010')] })).toEqual({
    schemaVersion: '0010',
    restoredAt: BACK,
  });
});

test('it counts once: what was migrated afterwards stands, also when the restore is still there', () => {
  const known = { schemaVersion: '0012', restoredAt: BACK };
  expect(withSchema(METER, known, { jobs: [], restores: [restored(BACK, '0010')] })).toBe(known);
  const again = migrated('0012', '2026-12-01T12:00:00Z');
  const counted = { schemaVersion: '0010', restoredAt: BACK };
  const happened = { jobs: [UPGRADED, again], restores: [restored(BACK, '0010')] };
  expect(withSchema(METER, counted, happened)).toMatchObject({ schemaVersion: '0012' });
  // Of the Jobs before it nothing is learned, also when nobody has the restore any more.
  expect(withSchema(METER, counted, { jobs: [UPGRADED], restores: [] })).toBe(counted);
});

test('one into a database of a person counts from when their ProcessMeter names it', () => {
  const into = restored(undefined, '0010');
  const restore = {
    ...into,
    spec: { ...Object(into['spec']), databaseSecretRef: { name: 'db-2' } },
    status: { ...Object(into['status']), completedAt: BACK },
  };
  const naming = (name: string): KubeObject => ({
    ...METER,
    spec: {
      version: '0.1.0',
      database: { mode: 'External', external: { secretRef: { name } } },
      messaging: { mode: 'Embedded', embedded: {} },
    },
  });
  const happened = { jobs: [UPGRADED], restores: [restore] };
  expect(withSchema(naming('db-1'), before, happened)).toBe(before);
  expect(withSchema(naming('db-2'), before, happened)).toMatchObject({ schemaVersion: '0010' });
});

test('of several the last counts; one that replaced nothing, or another installation, does not', () => {
  const restores = [
    restored(BACK, '0010'),
    restored('2026-12-01T11:30:00Z', '0011'),
    restored(undefined, '0001'),
    restored('2026-12-01T13:00:00Z', '0002', 'other'),
  ];
  expect(withSchema(METER, before, { jobs: [], restores })).toMatchObject({ schemaVersion: '0011' });
  expect(withSchema(METER, before, { jobs: [], restores: restores.slice(2) })).toBe(before);
});

import { ANNOTATIONS } from '@process-meter/crds';
import { expect, test } from 'vitest';
import type { KubeObject } from '../runtime/index.ts';
import { migrationOf, migrationsOf, schemaIn } from './migrations.ts';

const OWNER: KubeObject = {
  apiVersion: 'processmeter.io/v1alpha1',
  kind: 'ProcessMeter',
  metadata: { name: 'meter', uid: 'uid-1' },
};

function job(schema: string, status: object = {}, uid = 'uid-1'): KubeObject {
  const owner = { apiVersion: OWNER.apiVersion, kind: OWNER.kind, name: 'meter', uid, controller: true };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `migrate-${schema}`,
      annotations: { [ANNOTATIONS.schema]: schema },
      ownerReferences: [owner],
    },
    status,
  };
}

const completed = (completionTime: string): object => ({
  completionTime,
  conditions: [{ type: 'Complete', status: 'True' }],
});
const inDatabase = (recorded: string | undefined, ...jobs: KubeObject[]): string | undefined =>
  schemaIn(recorded, migrationsOf(OWNER, jobs));

test('a Job has begun when a pod of it runs, and ends complete or failed', () => {
  const states = [
    undefined,
    { active: 1 },
    { active: 1, ready: 1 },
    completed('2026-11-30T12:00:00Z'),
    { conditions: [{ type: 'FailureTarget', status: 'True' }] },
    { conditions: [{ type: 'Failed', status: 'True', message: 'too many tries' }] },
  ].map((status) => migrationOf(job('0009-a', status)));
  expect(states.map(({ state }) => state)).toEqual([
    'waiting',
    'waiting',
    'begun',
    'complete',
    'waiting',
    'failed',
  ]);
  expect(states.at(-1)?.failure).toBe('too many tries');
});

test('a migration that was complete while nobody looked is in the database', () => {
  const before = job('0009-a', completed('2026-11-30T12:00:00Z'));
  expect(inDatabase('0009-a', before, job('0012-b', completed('2026-11-30T12:05:00Z')))).toBe('0012-b');
  expect(inDatabase('0009-a', before, job('0012-b', { active: 1, ready: 1 }))).toBe('0009-a');
  expect(inDatabase('0012-b', before)).toBe('0012-b');
});

test('after a restore the Job that ran on the restored database counts, not one before it', () => {
  const newer = job('0012-b', completed('2026-11-30T12:00:00Z'));
  expect(inDatabase(undefined, newer)).toBeUndefined();
  expect(inDatabase('0009-a', newer, job('0009-a', completed('2026-11-30T12:05:00Z')))).toBe('0009-a');
});

test('Jobs of another ProcessMeter tell nothing', () => {
  expect(inDatabase('0009-a', job('0012-b', completed('2026-11-30T12:00:00Z'), 'uid-2'))).toBe('0009-a');
});

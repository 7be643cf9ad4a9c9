import { expect, test } from 'vitest';
import { INSTALLATIONS } from '../golden/installations.ts';
import { RELEASES } from '../release/catalogue.ts';
import { installationOf } from '../render/installation.ts';
import { done, wait, type ComponentCount, type Pass, type StepResult } from './pass.ts';
import { statusAfter } from './summary.ts';

const MANAGER = { name: 'Manager', ready: 2, desired: 2, version: '0.1.0' } as const;
const INGEST = { name: 'Ingest', ready: 3, desired: 3, version: '0.1.0' } as const;

/** What the status says of components after a pass that counted some. */
function componentsAfter(last: StepResult, counted: readonly ComponentCount[], before: unknown): unknown {
  const processMeter = INSTALLATIONS['production']!;
  const pass: Pass = {
    object: { apiVersion: 'v1', kind: 'ProcessMeter', metadata: { name: 'meter', generation: 1 } },
    processMeter,
    installation: installationOf(processMeter, RELEASES[0]!),
    installed: { version: undefined, schemaVersion: undefined },
    signal: new AbortController().signal,
    desired: [],
    bindings: {},
    outer: { database: [], messaging: [] },
    components: new Map(counted.map((component) => [component.name, component])),
    databaseChecksum: '',
    schemaVersion: undefined,
  };
  const given = { before: { components: before }, now: 0, configSync: undefined };
  return statusAfter({ results: [last], pass }, given)['components'];
}

test('as long as a step waits, what it did not come to is as it was found before', () => {
  const migrating = wait('Migrating', 'a Job runs');
  expect(componentsAfter(migrating, [], [MANAGER, INGEST])).toEqual([MANAGER, INGEST]);
  const rolling = { name: 'Manager', ready: 1, desired: 2 } as const;
  expect(componentsAfter(wait('ManagerNotReady', ''), [rolling], [INGEST, MANAGER])).toEqual([
    { ...rolling, version: '0.1.0' },
    INGEST,
  ]);
});

test('once all is done only what is there is told', () => {
  expect(componentsAfter(done('Running', ''), [MANAGER], [MANAGER, INGEST])).toEqual([MANAGER]);
});

test('components that somebody wrote by hand stop nothing', () => {
  expect(componentsAfter(done('Running', ''), [MANAGER], [{ name: 'Sundial' }])).toEqual([MANAGER]);
  expect(componentsAfter(done('Running', ''), [MANAGER], undefined)).toEqual([MANAGER]);
});

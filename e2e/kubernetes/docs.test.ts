import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RELEASES, type Release } from '@process-meter/operator/releases';
import type { Lab } from '@process-meter/e2e/lab';
import { startTestLab } from '@process-meter/e2e/lab/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BACKUPS, RESTORES_ELSEWHERE } from './docs/backup-scenarios.ts';
import { certificateFiles } from './docs/certificate-files.ts';
import { runDeployedOperator } from './docs/deployed-operator.ts';
import { keepDefinitions } from './docs/kept-definitions.ts';
import { readerOf, type Reader, type Tally } from './docs/reader.ts';
import { PATIENT, openRunbookWorld, startManager, type RunbookWorld } from './docs/runbook-world.ts';
import { DEFINITIONS, LICENSING } from './docs/licensing-scenarios.ts';
import { CLOUD_NATIVE, EMBEDDED, EXTERNAL, type Scenario } from './docs/scenarios.ts';
import { followPage, runbooks, tryRunbook } from './docs/tried-pages.ts';
import { makeVolumes } from './docs/volumes.ts';
import { WORD } from './testing/backup-objects.ts';
import { laterRelease } from './testing/later-release.ts';

const NAMESPACE = 'process-meter';
const EXTERNAL_VALUES = `
database: { mode: External, external: { secretRef: { name: meter-database } } }
messaging:
  mode: External
  external: { servers: ['nats://nats.corp.local:4222'], trustSecretRef: { name: meter-nats-trust } }
exposure: { host: meter.corp.local, ingress: { tlsSecretName: meter-tls } }
`;
const CLOUD_NATIVE_VALUES =
  'database: { mode: CloudNativePG, cloudNativePG: { clusterRef: { name: pg } } }\n';

let lab: Lab;
let releasesFile: string;
const tally: Tally = { run: 0, notRun: [], differences: [], times: [] };
/** Reasons that were seen once the runbooks were followed. */
const seenAfterwards: string[] = [];

beforeAll(async () => {
  lab = await startTestLab({
    nodes: 2,
    availableAtOnce: true,
    podLog: ['a line of a log'],
    jobMessage: WORD,
  });
  releasesFile = join(lab.folder, 'releases.json');
  writeFileSync(releasesFile, JSON.stringify(releases()));
  await makeVolumes(lab, 24);
  await keepDefinitions(lab, NAMESPACE);
});
afterAll(async () => {
  process.stdout.write(report());
  await lab?.stop();
});

function report(): string {
  const slowest = tally.times.toSorted((a, b) => b.ms - a.ms).slice(0, 5);
  return [
    `commands of docs/operate: ${tally.run} blocks run, ${tally.notRun.length} not run\n`,
    ...tally.notRun.map((line) => `  not run: ${line}\n`),
    ...slowest.map(({ where, ms }) => `  ${(ms / 1000).toFixed(1)} s: ${where}\n`),
  ].join('');
}

/** The releases that the pages speak of: one with the same schema, one with a newer one, one that is far away. */
function releases(): Release[] {
  const first = RELEASES[0]!;
  return [
    first,
    laterRelease('0.2.0', {}),
    laterRelease('0.3.0', { schema: '9999-newer' }),
    laterRelease('1.0.0', { schema: '9999-newer', from: '0.3.0' }),
  ];
}

/** @returns the reasons that were said each time a runbook had been followed */
async function tryRunbooks(
  namespace: string,
  scenarios: readonly Scenario[],
  prepare: (world: RunbookWorld) => Promise<unknown>,
): Promise<string[]> {
  const world = await openRunbookWorld(lab, { namespace, releasesFile });
  try {
    await prepare(world);
    const seen: string[] = [];
    for (const scenario of scenarios) {
      await tryRunbook(world, scenario, tally);
      seen.push(...(await world.reasons()));
    }
    return seen;
  } catch (error) {
    throw new Error(`${namespace}: ${String(error)}\n${world.operatorLog()}`, { cause: error });
  } finally {
    await world.stop();
  }
}

const install = (reader: Reader, values: string): Promise<string> => {
  reader.write('values.yaml', values);
  return reader.shell('helm install meter charts/process-meter --values values.yaml');
};

describe.concurrent('each command does what the page says', { timeout: 600_000 }, () => {
  test('somebody installs, upgrades, installs for production, removes, and installs from a mirror', async () => {
    const reader = await readerOf(lab, { helm: 4 });
    const manager = await startManager();
    const operator = runDeployedOperator(lab, NAMESPACE, {
      ...PATIENT,
      PM_RELEASES_FILE: releasesFile,
      PM_MANAGER_URL: manager.url,
    });
    const read = (page: string, part: { from?: string; before?: string } = {}): Promise<void> =>
      followPage(reader, { page, ...part, tally });
    try {
      await certificateFiles(reader);
      await read('install.md', { before: 'Remove the evaluation' });
      await read('upgrade.md');
      await read('backup.md');
      await read('certificates.md');
      await read('network.md');
      await read('scaling.md');
      await read('disaster.md');
      await read('runbooks/README.md');
      await read('runbooks/operator.md');
      await read('install.md', { from: 'Remove the evaluation' });
      await reader.shell('helm uninstall meter --wait && helm install meter charts/process-meter');
      await reader.shell('kubectl wait --for=condition=Ready --timeout=60s processmeter/meter');
      await read('uninstall.md', { before: 'The custom resource definitions' });
      await read('air-gap.md');
    } finally {
      await operator.stop();
      await manager.stop();
    }
    const left = await lab.kubectl(['get', 'processmeter/meter', '-n', NAMESPACE, '-o', 'name']);
    expect(left).toContain('processmeter.processmeter.io/meter');
  });

  test('runbooks, with everything inside the cluster', async () => {
    const reasons = await tryRunbooks('runbooks-embedded', [...BACKUPS, ...EMBEDDED], async (world) => {
      await install(world.reader, '{}');
      await world.ready();
    });
    seenAfterwards.push(...reasons);
    expect(reasons).toEqual(expect.arrayContaining(['Running', 'ServersReady']));
  });

  test('runbooks, with database and message servers outside', async () => {
    const reasons = await tryRunbooks(
      'runbooks-external',
      [...EXTERNAL, ...RESTORES_ELSEWHERE, ...LICENSING],
      async ({ reader }) => {
        reader.write('values.yaml', EXTERNAL_VALUES);
        await reader.shell('node manager/src/cli.ts trust init --dir meter-trust');
        await reader.shell('kubectl create secret generic meter-nats-trust --from-file=meter-trust');
      },
    );
    seenAfterwards.push(...reasons);
    expect(reasons).toEqual(expect.arrayContaining(['Running', 'MessagingBound', 'NothingForEvaluation']));
  });

  test('runbooks, with CloudNativePG', async () => {
    const reasons = await tryRunbooks('runbooks-cloud-native', CLOUD_NATIVE, ({ reader }) =>
      install(reader, CLOUD_NATIVE_VALUES),
    );
    seenAfterwards.push(...reasons);
    expect(reasons).toEqual(expect.arrayContaining(['Running', 'DatabaseBound']));
  });
});

test('reasons that call for nothing were seen while all was well', () => {
  const said = runbooks()
    .filter(({ page }) => page.endsWith('all-is-well.md'))
    .filter(({ prose }) => !prose.includes('No condition shows it'))
    .map(({ title }) => title);
  expect(said.filter((reason) => !seenAfterwards.includes(reason))).toEqual([]);
});

test('a kind whose definition is gone', async () => {
  const reasons = await tryRunbooks('runbooks-definitions', DEFINITIONS, async (world) => {
    await install(world.reader, '{}');
    await world.ready();
  });
  expect(reasons).toContain('Synced');
});

test('the definitions go last', async () => {
  const reader = await readerOf(lab, { helm: 4, namespace: 'default' });
  await followPage(reader, { page: 'uninstall.md', from: 'The custom resource definitions', tally });
  expect((await lab.kubectl(['get', 'crd', '-o', 'name'])).includes('processmeter.io')).toBe(false);
});

test('all commands printed what the pages show', () => {
  expect(tally.differences.join('\n\n')).toBe('');
});

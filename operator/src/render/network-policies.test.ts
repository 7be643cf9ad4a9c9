import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessMeter } from '@process-meter/crds';
import { expect, test } from 'vitest';
import { INSTALLATIONS } from '../golden/installations.ts';
import { RELEASES } from '../release/catalogue.ts';
import { waysThrough } from '../testing/policy-ways.ts';
import { renderEverything } from './everything.ts';
import { installationOf } from './installation.ts';
import { renderRestorePolicy } from './network-policies.ts';
import { restoreJob } from './restore.ts';

const PAGE = join(import.meta.dirname, '../../../docs/operate/network.md');
const COMPONENTS: readonly string[] = ['manager', 'ingest', 'portal', 'migration'];

/** Lines of the documented table that hold for an installation. */
function documented(holds: readonly string[], components: readonly string[]): string[] {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const lines = rows
    .filter(([, , , , when = '']) => holds.includes(when))
    .flatMap(([, from = '', to = '', port = '']) =>
      (from === 'all' ? components : [from]).map((each) => `${each} → ${to} ${port}`),
    );
  return lines.toSorted();
}

const ways = (processMeter: ProcessMeter | undefined): string[] =>
  waysThrough(renderEverything(processMeter!, RELEASES[0]!));

test('what an evaluation lets through is what is documented, and nothing else', () => {
  const holds = ['always', 'NATS in the cluster', 'PostgreSQL in the cluster'];
  expect(ways(INSTALLATIONS['evaluation'])).toEqual(documented(holds, [...COMPONENTS, 'nats', 'postgres']));
});

test('so is what an installation with a database outside and with backups lets through', () => {
  const holds = ['always', 'NATS in the cluster', 'PostgreSQL outside', 'backups of it'];
  expect(ways(INSTALLATIONS['production'])).toEqual(documented(holds, [...COMPONENTS, 'nats', 'backup']));
});

test('so is what one with backups to a bucket lets through', () => {
  const base = INSTALLATIONS['object-storage']!;
  const backup = base.spec.backup!;
  const s3 = { ...backup.s3!, endpoint: 'https://s3.corp.local' };
  const spec = { ...base.spec, backup: { ...backup, s3 } };
  const holds = [
    'always',
    'NATS in the cluster',
    'PostgreSQL outside',
    'backups of it',
    'backups to a bucket',
  ];
  expect(ways({ ...base, spec })).toEqual(documented(holds, [...COMPONENTS, 'nats', 'backup']));
});

test('so is what one with all servers outside lets through', () => {
  const base = INSTALLATIONS['cloud-native']!;
  const spec = { ...base.spec, networkPolicy: { mode: 'Enabled' as const } };
  const holds = ['always', 'NATS outside', 'PostgreSQL outside'];
  expect(ways({ ...base, spec })).toEqual(documented(holds, COMPONENTS));
});

const CLAIM = { claimName: 'backups', recipients: [], schedule: '0 0 * * *', keep: 1, suspend: false };
const SERVER = { endpoint: 'https://s3.corp.local', bucket: 'backups', region: 'us-east-1' };
const SECRET = { name: 'secret', key: 'key' };
const CREDENTIALS = { name: 's3', accessKeyIdKey: 'id', secretAccessKeyKey: 'key' };
const { claimName: _, ...COMMON } = CLAIM;
const BUCKET = { ...COMMON, s3: { ...SERVER, credentialsSecretRef: CREDENTIALS } };

test.each([
  [['a restore in place'], { name: 'evaluation', backup: CLAIM, elsewhere: undefined }],
  [['a restore elsewhere'], { name: 'production', backup: CLAIM, elsewhere: [5432] }],
  [
    ['a restore elsewhere', 'a restore from a bucket'],
    { name: 'production', backup: BUCKET, elsewhere: [5432] },
  ],
])('so is what %j lets through, with the policy that it brings', (holds, { name, backup, elsewhere }) => {
  const base = INSTALLATIONS[name]!;
  const processMeter = { ...base, spec: { ...base.spec, backup } };
  const installation = installationOf(processMeter, RELEASES[0]!);
  const input = { backup, location: 'a', identity: SECRET, database: SECRET, into: undefined };
  const key = { namespace: 'metering', name: 'restore-1' };
  const all = [
    ...renderEverything(processMeter, RELEASES[0]!),
    ...renderRestorePolicy(installation, key.name, elsewhere),
    restoreJob(installation, key, input),
  ];
  expect(waysThrough(all).filter((way) => /\brestore\b/.test(way))).toEqual(
    documented(['always', ...holds], ['restore']).filter((way) => way.startsWith('restore')),
  );
});

test('without policies nothing is closed, and the test would see it', () => {
  expect(ways(INSTALLATIONS['cloud-native'])).toContain('portal → ingest *');
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import {
  BACKUP_REASONS,
  CONFIG_SYNC_REASONS,
  INSTALLATION_REASONS,
  LICENSING_REASONS,
  PART_REASONS,
} from '@process-meter/operator/reasons';
import { describe, expect, test } from 'vitest';
import { BACKUPS, RESTORES_ELSEWHERE } from './backup-scenarios.ts';
import { CLOUD_NATIVE, EMBEDDED, EXTERNAL } from './scenarios.ts';
import { DEFINITIONS, LICENSING } from './licensing-scenarios.ts';
import { sectionsOf } from './page.ts';
import { PAGES, runbooks } from './tried-pages.ts';

const ROOT = join(import.meta.dirname, '../../..');
const REASONS = [
  ...new Set<string>([
    ...INSTALLATION_REASONS,
    ...PART_REASONS,
    ...BACKUP_REASONS,
    ...CONFIG_SYNC_REASONS,
    ...LICENSING_REASONS,
  ]),
];
const isAlert = (page: string): boolean => page.endsWith('/operator.md');
const isWell = (page: string): boolean => page.endsWith('/all-is-well.md');

describe('runbooks', () => {
  test('each reason that the operator can give has one, and none is for another', () => {
    const titles = runbooks()
      .filter(({ page }) => !isAlert(page))
      .map(({ title }) => title);
    expect(titles.toSorted()).toEqual(REASONS.toSorted());
  });

  test('each reason is given somewhere in the code of the operator', () => {
    const code = sources(join(ROOT, 'operator/src'))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const given = ['Manager', 'Ingest', 'Portal', 'Postgres', 'Nats'].map((part) =>
      code.replaceAll(/\$\{(?:part|component)\}/g, part).replaceAll('`', "'"),
    );
    const missing = REASONS.filter((reason) => !given.some((text) => text.includes(`'${reason}'`)));
    expect(missing).toEqual([]);
  });

  test('each says what it means, how to see it, why, what to do, how to verify and what is safe', () => {
    const parts = ['See it', 'Causes', 'Do', 'Verify', 'Safe'];
    for (const { page, title, prose } of runbooks().filter((one) => !isWell(one.page))) {
      const at = parts.map((part) => prose.indexOf(`**${part}**`));
      expect([page, title, at.filter((place) => place < 1)]).toEqual([page, title, []]);
      expect([page, title, at]).toEqual([page, title, at.toSorted((a, b) => a - b)]);
    }
  });

  test('each that calls for something is tried on an installation that has gone wrong', () => {
    const scenarios = [EMBEDDED, EXTERNAL, CLOUD_NATIVE, LICENSING, DEFINITIONS, BACKUPS, RESTORES_ELSEWHERE];
    const tried = scenarios.flat().map(({ reason }): string => reason);
    const wanted = runbooks().filter(({ page }) => !isAlert(page) && !isWell(page));
    expect(tried.toSorted()).toEqual(wanted.map(({ title }) => title).toSorted());
  });

  test('each alert has one and names it, and none is for another', () => {
    const text = readFileSync(join(ROOT, 'charts/process-meter-operator/files/alerts.yaml'), 'utf8');
    const alerts = [...text.matchAll(/^- alert: (\w+)$/gm)].map(([, name]) => name ?? '');
    const named = [...text.matchAll(/^ {4}runbook: (\S+)$/gm)].map(([, path]) => path);
    const titles = runbooks()
      .filter(({ page }) => isAlert(page))
      .map(({ title }) => title);
    expect(titles.toSorted()).toEqual(alerts.toSorted());
    expect(named).toEqual(alerts.map((name) => `docs/operate/runbooks/operator.md#${name.toLowerCase()}`));
  });
});

describe('pages', () => {
  const files = [...sources(PAGES, '.md'), join(ROOT, 'README.md')];

  test.each(files.map((file) => relative(ROOT, file)))('links of %s lead somewhere', (name) => {
    const file = join(ROOT, name);
    const links = [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
      ([, to]) => to ?? '',
    );
    const broken = links.filter((link) => !leadsSomewhere(file, link));
    expect(broken).toEqual([]);
  });

  test('a block that is not run says why', () => {
    const blocks = sources(PAGES, '.md').flatMap((file) =>
      sectionsOf(file).flatMap((section) => section.blocks),
    );
    const reasons = blocks.flatMap(({ marks }) => marks['not-run'] ?? []);
    expect(reasons.filter((reason) => reason.split(' ').length < 2)).toEqual([]);
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(['sh', 'text', 'yaml', 'conf']));
  });
});

function leadsSomewhere(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

function anchorsOf(file: string): string[] {
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, text]) => text ?? '');
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function sources(folder: string, ending = '.ts'): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && entry.name !== 'reasons.ts')
    .map((entry) => join(entry.parentPath, entry.name));
}

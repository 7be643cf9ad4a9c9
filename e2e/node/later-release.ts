import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '@process-meter/e2e/lab';
import { RELEASES } from '@process-meter/operator/releases';

const ROOT = join(import.meta.dirname, '../..');
/** What images, charts and their bundle are made of. */
const SOURCES = ['charts', 'contract', 'crds', 'images', 'local', 'manager', 'operator', 'portal'];
const LEFT_OUT = /\/(?:node_modules|\.svelte-kit|golden)$/;
const MAKING_MS = 300_000;

/** A migration of a release that is not there yet. */
export interface LaterMigration {
  /** As a file of `manager/migrations` is named. */
  name: string;
  /** Older releases must not run on the schema with it. */
  breaking: boolean;
  sql: string;
}

/** Each release with the migration that it brings; the first one comes after the present release. */
export type LaterReleases = readonly { version: string; migration: LaterMigration }[];

/**
 * Makes the bundle of the last of some releases, as its people would: from a copy of these sources with other versions, more
 * migrations, and lines in the operator's catalogue.
 * @param folder for the copy and the bundle
 * @param key file that bundles are signed with
 * @returns the bundle's file
 */
export async function laterBundle(folder: string, releases: LaterReleases, key: string): Promise<string> {
  const copy = join(folder, 'sources');
  copySources(copy);
  const { version } = releases.at(-1) ?? { version: '' };
  for (const name of ['images', 'manager', 'operator'])
    edit(join(copy, name, 'package.json'), /"version": "[^"]*"/, `"version": "${version}"`);
  for (const name of ['process-meter', 'process-meter-operator']) {
    edit(join(copy, 'charts', name, 'Chart.yaml'), /^version: .*$/m, `version: ${version}`);
    edit(join(copy, 'charts', name, 'Chart.yaml'), /^appVersion: .*$/m, `appVersion: ${version}`);
  }
  for (const { migration } of releases) addMigration(join(copy, 'manager', 'migrations'), migration);
  edit(join(copy, 'operator/src/release/catalogue.ts'), /\n\];/, `\n${catalogueLines(releases)}];`);
  const program = join(copy, 'images/src/air-gap/main.ts');
  await runCommand(process.execPath, [program, '--to', folder, '--key', key], { timeoutMs: MAKING_MS });
  const made = readdirSync(folder).find((name) => name.endsWith('.tar'));
  if (made === undefined) throw new Error(`no bundle in ${folder}`);
  return join(folder, made);
}

function copySources(copy: string): void {
  mkdirSync(copy, { recursive: true });
  for (const name of SOURCES) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true, filter: (from) => !LEFT_OUT.test(from) });
    if (name !== 'charts') symlinkSync(join(ROOT, name, 'node_modules'), join(copy, name, 'node_modules'));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tsconfig.base.json'])
    cpSync(join(ROOT, file), join(copy, file));
}

/** @throws when there is nothing to replace: the copy would be of the present release */
function edit(file: string, pattern: RegExp, text: string): void {
  const before = readFileSync(file, 'utf8');
  if (!pattern.test(before)) throw new Error(`${file} has no ${String(pattern)}`);
  writeFileSync(
    file,
    before.replace(pattern, () => text),
  );
}

function addMigration(folder: string, { name, breaking, sql }: LaterMigration): void {
  const module = [
    `import { sql, type Kysely } from 'kysely';`,
    `export const breaking = ${breaking};`,
    `export async function up(db: Kysely<unknown>): Promise<void> {`,
    `  await sql\`${sql}\`.execute(db);`,
    `}`,
  ];
  writeFileSync(join(folder, `${name}.ts`), `${module.join('\n')}\n`);
  const index = join(folder, 'index.ts');
  const imported = `later${name.replaceAll(/\W/g, '')}`;
  edit(index, /^import type/m, `import * as ${imported} from './${name}.ts';\nimport type`);
  edit(index, /\n\};/, `\n  '${name}': ${imported},\n};`);
}

/** Lines of the catalogue: a later release is like the first one but for its own images, schema and way to it. */
function catalogueLines(releases: LaterReleases): string {
  const [first] = RELEASES;
  if (first === undefined) throw new Error('there is no release');
  let worksWith = first.schema;
  const lines = releases.map(({ version, migration }, i) => {
    if (migration.breaking) worksWith = migration.name;
    const from = releases[i - 1]?.version ?? first.version;
    const images = Object.entries(first.images).map(([part, image]) => {
      const own = image.replace(`:${first.version}`, `:${version}`);
      return `      ${part}: '${own}',\n`;
    });
    return `  {
    version: '${version}', schema: '${migration.name}', worksWith: '${worksWith}', from: '${from}',
    images: {\n${images.join('')}    },
  },\n`;
  });
  return lines.join('');
}

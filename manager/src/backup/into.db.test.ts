import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { contents } from '../testing/contents.ts';
import { addAgent } from '../testing/recorded.ts';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { backupCommand } from './command.ts';
import { createBackup } from './create.ts';
import { folderPlace } from './folder.ts';

let source: TestDatabase;
let dir = '';
let file = '';
const made = `pm_into_${process.pid}`;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pm-into-'));
  source = await testDatabase(inject('postgresUrl'));
  const { rows } = await source.pool.query<{ id: number }>(
    `insert into account (slug, name, hash_key) values ('acme', 'Acme', 'k') returning id`,
  );
  await addAgent(source.pool, rows[0]!.id, 'aaaaaaaaaaaa');
  const place = folderPlace(dir);
  file = (await createBackup({ pool: source.pool, place, recipients: [], filesDir: undefined })).location;
});
afterAll(async () => {
  await source.pool.query(`drop database if exists ${made} with (force)`);
  await source.drop();
  rmSync(dir, { recursive: true });
});

async function restore(from: string, into = made): Promise<{ code: number; err: string }> {
  let err = '';
  const terminal = { out: () => undefined, err: (text: string) => (err += text) };
  const args = ['restore', '--from', from, '--into', into];
  const code = await backupCommand(args, { PM_DATABASE_URL: source.url }, terminal);
  return { code, err };
}

async function isThere(): Promise<boolean> {
  return (await source.pool.query('select from pg_database where datname = $1', [made])).rowCount === 1;
}

test('a restore that fails leaves no database beside the one in use', async () => {
  const damaged = join(dir, 'damaged');
  const whole = readFileSync(file);
  writeFileSync(damaged, whole.subarray(0, whole.length - 100));
  expect((await restore(damaged)).code).toBe(1);
  expect(await isThere()).toBe(false);
});

test('a name that would be more than one is refused before anything is done', async () => {
  const { code, err } = await restore(file, 'a"; drop database "postgres');
  expect([code, err]).toEqual([1, expect.stringContaining('no name of a database')]);
});

test('beside the database in use another one is made of the backup, also where a killed try left it empty', async () => {
  await source.pool.query(`create database ${made}`);
  const before = await contents(source.pool);
  expect(await restore(file)).toMatchObject({ code: 0 });
  const url = new URL(source.url);
  url.pathname = `/${made}`;
  const target = new Pool({ connectionString: url.href, max: 1 });
  expect(await contents(target)).toEqual(before);
  await target.end();
  expect(await contents(source.pool)).toEqual(before);
});

test('one that is in use is neither restored into nor taken away', async () => {
  const { code, err } = await restore(file);
  expect([code, err]).toEqual([1, expect.stringContaining('the database is in use')]);
  expect(await isThere()).toBe(true);
});

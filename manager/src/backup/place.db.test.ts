import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { createBackup, keepNewest } from './create.ts';
import { folderPlace } from './folder.ts';
import { BackupError } from './manifest.ts';
import type { Place } from './place.ts';

let source: TestDatabase;
let dir = '';
let recipient = '';

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pm-place-'));
  recipient = await identityToRecipient(await generateX25519Identity());
  source = await testDatabase(inject('postgresUrl'));
});
afterAll(async () => {
  await source?.drop();
  rmSync(dir, { recursive: true });
});

test('a backup that fails leaves nothing behind that looks like one', async () => {
  const folder = mkdtempSync(join(dir, 'failing-'));
  const impatient = new Pool({ connectionString: source.url, max: 1, options: '-c lock_timeout=200' });
  const holder = await source.pool.connect();
  await holder.query('begin; lock table session in access exclusive mode');
  const failing = createBackup({
    pool: impatient,
    place: folderPlace(folder),
    recipients: [recipient],
    filesDir: undefined,
  });
  await expect(failing).rejects.toThrow('lock timeout');
  await holder.query('rollback');
  holder.release();
  await impatient.end();
  expect(readdirSync(folder)).toEqual([]);
});

test('a place that takes no more ends the backup, with its reason', async () => {
  const [from, to] = [mkdtempSync(join(dir, 'large-')), mkdtempSync(join(dir, 'full-'))];
  for (const name of ['a', 'b', 'c']) writeFileSync(join(from, name), randomBytes(8_000_000));
  const full: Place = {
    ...folderPlace(to),
    async put(content) {
      for await (const _chunk of content) throw new BackupError('there is no room');
      return to;
    },
  };
  const { pool } = source;
  for (const recipients of [[], [recipient]])
    await expect(createBackup({ pool, place: full, recipients, filesDir: from })).rejects.toThrow(
      'there is no room',
    );
  expect(pool.idleCount).toBe(pool.totalCount);
});

test('told to end, it leaves nothing behind', async () => {
  const [from, to] = [mkdtempSync(join(dir, 'large-')), mkdtempSync(join(dir, 'ended-'))];
  for (const name of ['a', 'b', 'c']) writeFileSync(join(from, name), randomBytes(8_000_000));
  const stop = new AbortController();
  const place = folderPlace(to);
  const slow: Place = {
    ...place,
    put: (content, name) => place.put(endedAfterFirst(content, stop), name),
  };
  const made = createBackup({
    pool: source.pool,
    place: slow,
    recipients: [],
    filesDir: from,
    stop: stop.signal,
  });
  await expect(made).rejects.toThrow('ended by somebody');
  expect(readdirSync(to)).toEqual([]);
});

async function* endedAfterFirst(
  content: AsyncIterable<Uint8Array>,
  stop: AbortController,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    yield chunk;
    stop.abort(new Error('ended by somebody'));
  }
}

test('what a killed run left in a folder is cleared away a day later', async () => {
  const folder = mkdtempSync(join(dir, 'killed-'));
  const place = folderPlace(folder);
  for (const name of ['.process-meter-1.part', '.process-meter-2.part', '.other.part'])
    writeFileSync(join(folder, name), '');
  utimesSync(join(folder, '.process-meter-1.part'), 1000, 1000);
  expect(await place.tidy(new Date(2_000_000))).toEqual([join(folder, '.process-meter-1.part')]);
  expect(readdirSync(folder).toSorted()).toEqual(['.other.part', '.process-meter-2.part']);
});

test('only backups are tidied away, the oldest first', async () => {
  const folder = mkdtempSync(join(dir, 'tidy-'));
  const names = ['01', '02', '03'].map((day) => `process-meter-202611${day}T000000Z.tar.zst.age`);
  for (const name of [...names, 'notes.txt', '.process-meter-1.part']) writeFileSync(join(folder, name), '');
  expect(await keepNewest(folderPlace(folder), 2)).toEqual([join(folder, names[0]!)]);
  expect(readdirSync(folder).toSorted()).toEqual(['.process-meter-1.part', 'notes.txt', ...names.slice(1)]);
});

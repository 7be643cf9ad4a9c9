import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { writeFile as writeFileAsync } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { backupResultSchema, type BackupResult } from '@process-meter/contract';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.ts';
import { migrate, migrateBy } from '../db/index.ts';
import { contents } from '../testing/contents.ts';
import { ingestFeed } from '../testing/feed.ts';
import { addAgent, rollAll } from '../testing/recorded.ts';
import { SampleAgent, type Step } from '../testing/sample-agent.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { readArchive, writeArchive, type ArchiveEntry, type ArchiveWriter } from './archive.ts';
import { backupCommand } from './command.ts';
import { createBackup } from './create.ts';
import { folderPlace, storedFile } from './folder.ts';
import { DIGESTS_ENTRY, MANIFEST_ENTRY } from './manifest.ts';
import { restoreBackup, verifyBackup } from './restore.ts';

const BASE = Date.UTC(2026, 5, 1, 8);
const STEPS: readonly Step[] = [
  { minutes: 5, document: 0, act: 1, hold: false, send: 'records and snapshot' },
  { minutes: 30, document: 1, act: 2, hold: true, send: 'records' },
  // The weeks between are partitions of their own.
  { minutes: 60 * 24 * 9, document: 0, act: 3, hold: false, send: 'records and snapshot' },
  { minutes: 40, document: 0, act: 'close', hold: false, send: 'records and snapshot' },
];

let source: TestDatabase;
let dir = '';
let key = '';
let recipient = '';
let account = 0;
let application = 0;
const made: TestDatabase[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pm-backup-'));
  key = await generateX25519Identity();
  recipient = await identityToRecipient(key);
  source = await testDatabase(inject('postgresUrl'));
  ({ account, application } = await populate(source.pool));
});
afterAll(async () => {
  await Promise.all([source, ...made].map((database) => database?.drop()));
  rmSync(dir, { recursive: true });
});

async function fresh(): Promise<TestDatabase> {
  const database = await emptyDatabase(inject('postgresUrl'));
  made.push(database);
  return database;
}

/** What ingest, roller and Manager leave behind, in as many tables as possible. */
async function populate(pool: Pool): Promise<{ account: number; application: number }> {
  const one = async (sql: string, values: unknown[] = []): Promise<number> =>
    (await pool.query<{ id: number }>(sql, values)).rows[0]!.id;
  const id = await one(
    `insert into account (slug, name, hash_key) values ('acme', E'Acme "A\\\\S"\\n\\t€', 'k') returning id`,
  );
  const draw = await one(
    `insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     values ($1, 'draw', 'Draw', '[{"executable":"draw"}]', 60000, 900000, false, 0.4, 'keep', 'keep', 1) returning id`,
    [id],
  );
  await work(pool, { account: id, application: draw, name: 'aaaaaaaaaaaa' });
  await pool.query(
    `insert into coverage (account_id, agent_id, from_at, to_at, cause) select $1, id, now(), now() + interval '1 hour', 1
     from agent`,
    [id],
  );
  await rollAll(pool);
  return { account: id, application: draw };
}

/** Somebody works, and ingest writes it. */
async function work(
  pool: Pool,
  who: { account: number; application: number; name: string },
  steps = STEPS,
): Promise<void> {
  await addAgent(pool, who.account, who.name);
  const feed = ingestFeed(pool);
  const desktop = new SampleAgent(who.application, BASE);
  for (const step of steps) {
    const news = desktop.take(step);
    if (news !== null) await feed({ account: 'acme', agent: who.name, epoch: 7, ...news });
  }
}

const backup = async (pool = source.pool, recipients = [recipient]): Promise<string> => {
  const folder = mkdtempSync(join(dir, 'to-'));
  return (await createBackup({ pool, place: folderPlace(folder), recipients, filesDir: undefined })).location;
};

test('what is restored is what was backed up, row by row, and goes on like it', async () => {
  const file = await backup();
  const target = await fresh();
  const restored = await restoreBackup(target, {
    stored: storedFile(file),
    identity: key,
    filesDir: undefined,
  });
  const before = await contents(source.pool);
  expect(await contents(target.pool)).toEqual(before);
  expect(restored.rows).toBeGreaterThan(30);
  for (const table of [
    'segment',
    'session',
    'document',
    'rollup_quarter',
    'coverage_quarter',
    'coverage_agent_day',
    'agent_range',
  ])
    expect([table, before[table]]).not.toEqual([table, '0:0']);

  // Numbers that went to applications after the backup go to no other.
  const { rows } = await target.pool.query(`select nextval('application_id_seq')::int - $1 as gap`, [
    application,
  ]);
  expect(rows).toEqual([{ gap: 1001 }]);

  // Ids, triggers, partitions and ranges seen go on where they were.
  for (const { pool } of [source, target]) {
    await work(pool, { account, application, name: 'bbbbbbbbbbbb' });
    await rollAll(pool);
  }
  const after = await contents(source.pool);
  // Ingest writes the instant it was seen; all else is alike.
  for (const table of Object.keys(after).filter((name) => name !== 'agent'))
    expect([table, (await contents(target.pool))[table]]).toEqual([table, after[table]]);
});

test('a backup is of one instant, although ingest goes on writing', async () => {
  let over = false;
  const writing = (async () => {
    for (let n = 0; !over; n += 1)
      await work(
        source.pool,
        {
          account,
          application,
          name: `c${String.fromCharCode(97 + (n % 26))}`.padEnd(12, n < 26 ? 'd' : 'e'),
        },
        STEPS.slice(0, 2),
      );
  })();
  const files = [await backup(), await backup()];
  over = true;
  await writing;
  for (const file of files) {
    const target = await fresh();
    await restoreBackup(target, { stored: storedFile(file), identity: key, filesDir: undefined });
    // What ingest commits together is there together.
    const { rows } = await target.pool.query<{ torn: number }>(
      `select count(*)::int as torn from segment g where not exists
         (select from agent_range r where r.agent_id = g.agent_id and r.epoch = g.epoch and r.seen @> g.seq)`,
    );
    expect(rows[0]?.torn).toBe(0);
  }
});

async function entriesOf(file: string): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  for await (const entry of readArchive(storedFile(file), undefined)) entries.push(entry);
  return entries;
}

/** A file with one bit of a byte turned over, and one that ends before that byte; at many places. */
function* damages(whole: Buffer): Generator<{ what: string; bytes: Buffer }> {
  for (let n = 0; n < 24; n += 1) {
    const at = Math.floor((whole.length * n) / 24);
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 0x40;
    yield { what: `byte ${at} changed`, bytes };
    yield { what: `cut at ${at}`, bytes: whole.subarray(0, at) };
  }
}

const isWhole = (file: string, identity: string | undefined): Promise<boolean> =>
  verifyBackup(storedFile(file), identity).then(
    () => true,
    () => false,
  );

test('every byte of an encrypted backup counts: one that is changed, or all after some point missing, is found', async () => {
  const file = await backup();
  expect(await verifyBackup(storedFile(file), key)).toMatchObject({ files: 0 });
  const damaged = join(dir, 'damaged');
  for (const { what, bytes } of damages(readFileSync(file))) {
    writeFileSync(damaged, bytes);
    expect([what, await isWhole(damaged, key)]).toEqual([what, false]);
  }
});

test('a backup that is not encrypted and was damaged is found, or holds what it held', async () => {
  const file = await backup(source.pool, []);
  const whole = await entriesOf(file);
  const damaged = join(dir, 'damaged-plain');
  let found = 0;
  for (const { what, bytes } of damages(readFileSync(file))) {
    writeFileSync(damaged, bytes);
    // Some bits of a compressed file mean nothing.
    if (await isWhole(damaged, undefined)) expect([what, await entriesOf(damaged)]).toEqual([what, whole]);
    else found += 1;
  }
  expect(found).toBeGreaterThan(40);
});

test('a damaged backup leaves the database unused, so that another one can be tried', async () => {
  const file = await backup(source.pool, []);
  const target = await fresh();
  const cut = join(dir, 'cut');
  writeFileSync(cut, readFileSync(file).subarray(0, statSync(file).size - 200));
  await expect(
    restoreBackup(target, { stored: storedFile(cut), identity: undefined, filesDir: undefined }),
  ).rejects.toThrow('not whole');
  await restoreBackup(target, { stored: storedFile(file), identity: undefined, filesDir: undefined });
  expect(await contents(target.pool)).toEqual(await contents(source.pool));
});

test('only its key opens it; a database that is in use is left alone', async () => {
  const file = await backup();
  const other = await generateX25519Identity();
  await expect(verifyBackup(storedFile(file), other)).rejects.toThrow('cannot be decrypted with this key');
  await expect(verifyBackup(storedFile(file), undefined)).rejects.toThrow('its key is needed');
  await expect(
    restoreBackup(source, { stored: storedFile(file), identity: key, filesDir: undefined }),
  ).rejects.toThrow('the database is in use');
  expect(readFileSync(file).includes('Acme')).toBe(false);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a backup of an older version comes to the schema of this one, one of a newer version is refused', async () => {
  const old = await fresh();
  await migrateBy(old.db, ['0001-chain', '0002-closing-and-limits']);
  await old.pool.query(`insert into account (slug, name, hash_key) values ('old', 'Old', 'k')`);
  const target = await fresh();
  await restoreBackup(target, {
    stored: storedFile(await backup(old.pool)),
    identity: key,
    filesDir: undefined,
  });
  expect(await migrate(target.db)).toEqual([]);
  expect((await target.pool.query('select slug from account')).rows).toEqual([{ slug: 'old' }]);

  await old.pool.query(`insert into kysely_migration values ('9999-later', now()::text)`);
  const newer = await backup(old.pool);
  const refused = restoreBackup(await fresh(), {
    stored: storedFile(newer),
    identity: key,
    filesDir: undefined,
  });
  await expect(refused).rejects.toThrow('of a newer version: its schema has 9999-later');
});

/** The archive of a backup with entries changed by somebody. */
async function forged(change: (name: string, text: string) => string, extra?: string): Promise<string> {
  const file = join(mkdtempSync(join(dir, 'forged-')), 'forged.tar.zst');
  const entries = await entriesOf(await backup(source.pool, []));
  const fill = async (archive: ArchiveWriter): Promise<void> => {
    for (const { name, bytes } of entries) {
      if (name === DIGESTS_ENTRY && extra !== undefined) await archive.entry(extra, Buffer.from('x'));
      const isText = name === MANIFEST_ENTRY || name === DIGESTS_ENTRY;
      await archive.entry(name, isText ? Buffer.from(change(name, Buffer.from(bytes).toString())) : bytes);
    }
  };
  const { location } = await writeArchive([], fill, async (content) => {
    await writeFileAsync(file, content);
    return file;
  });
  return location;
}

test.each([
  [
    'a table name with SQL in it',
    (text: string) => text.replace('"name": "segment_', '"name": "x; drop table account; --'),
  ],
  [
    'a bound with SQL in it',
    (text: string) => text.replace('FOR VALUES FROM', 'DEFAULT; drop table account; --'),
  ],
  ['another format', (text: string) => text.replace('process-meter-backup/1', 'process-meter-backup/2')],
])('a manifest with %s is refused before anything is done', async (_what, change) => {
  const file = await forged((name, text) => (name === MANIFEST_ENTRY ? change(text) : text));
  const target = await fresh();
  const refused = restoreBackup(target, {
    stored: storedFile(file),
    identity: undefined,
    filesDir: undefined,
  });
  await expect(refused).rejects.toThrow('not one that this version can read');
  expect((await target.pool.query(`select to_regclass('account') as found`)).rows[0]).toEqual({
    found: null,
  });
});

test.each(['files/../outside', 'files//etc/outside', 'files/a/../../outside'])(
  'a file that wants to be put elsewhere is not: %s',
  async (name) => {
    const folder = join(mkdtempSync(join(dir, 'files-')), 'inner');
    mkdirSync(folder);
    const file = await forged((_entry, text) => text, name);
    const refused = restoreBackup(await fresh(), {
      stored: storedFile(file),
      identity: undefined,
      filesDir: folder,
    });
    await expect(refused).rejects.toThrow('leads elsewhere');
    expect(readdirSync(join(folder, '..'))).toEqual(['inner']);
  },
);

test('files that go with a backup come back as they were, for their owner only', async () => {
  const [from, to] = [mkdtempSync(join(dir, 'from-')), join(dir, 'back')];
  mkdirSync(join(from, 'nats'));
  writeFileSync(join(from, 'admin'), 'secret');
  writeFileSync(join(from, 'nats', 'seed'), Buffer.alloc(70_000, 7));
  const { location } = await createBackup({
    pool: source.pool,
    place: folderPlace(dir),
    recipients: [recipient],
    filesDir: from,
  });
  const found = await restoreBackup(await fresh(), {
    stored: storedFile(location),
    identity: key,
    filesDir: to,
  });
  expect(found.files).toBe(2);
  expect(readFileSync(join(to, 'nats', 'seed'))).toEqual(Buffer.alloc(70_000, 7));
  expect(statSync(join(to, 'admin')).mode & 0o777).toBe(0o600);
});

test('the usual tools read a backup', async () => {
  const file = await backup(source.pool, []);
  const names = execFileSync('tar', ['-t'], {
    input: zstdDecompressSync(readFileSync(file)),
    encoding: 'utf8',
  });
  expect(names.split('\n')).toEqual(
    expect.arrayContaining([MANIFEST_ENTRY, 'tables/account/000001', DIGESTS_ENTRY]),
  );
});

test('the commands: a key, a backup, a look at it, and back', async () => {
  const folder = mkdtempSync(join(dir, 'commands-'));
  const said = { out: '', err: '' };
  const run = (args: string[], url = source.url): Promise<number> =>
    backupCommand(
      args,
      { PM_DATABASE_URL: url },
      {
        out: (text) => (said.out += text),
        err: (text) => (said.err += text),
      },
    );
  const secret = join(folder, 'key');
  expect(await run(['key', '--out', secret])).toBe(0);
  expect(said.out).toMatch(/^age1[0-9a-z]+\n$/);
  // A key is never written over.
  expect(await run(['key', '--out', secret])).toBe(1);
  expect(await run(['create', '--to', folder])).toBe(2);
  expect(await run(['create', '--to', join(folder, 'nowhere'), '--for', secret])).toBe(1);
  said.out = '';
  // A container's termination message is a file that is there, longer than what is written.
  const result = join(folder, 'result');
  writeFileSync(result, 'x'.repeat(5000));
  const told = (): BackupResult => backupResultSchema.parse(JSON.parse(readFileSync(result, 'utf8')));
  expect(await run(['create', '--to', folder, '--for', secret, '--keep', '3', '--result', result])).toBe(0);
  const file = said.out.trim();
  const bytes = readFileSync(file);
  const made = told();
  expect(made).toMatchObject({
    location: file,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    schemaVersion: Object.keys(MIGRATIONS).at(-1),
    version: '0.1.0',
  });
  expect(await run(['verify', '--from', file, '--key', secret])).toBe(0);
  const target = await fresh();
  rmSync(result);
  expect(await run(['restore', '--from', file, '--key', secret, '--result', result], target.url)).toBe(0);
  expect(told()).toEqual(made);
  expect(said.out).toMatch(/whole: \d+ rows of \d+ tables as of .*\nrestored: \d+ rows/);
  expect(await run(['restore', '--from', file, '--key', secret], target.url)).toBe(1);
  expect(said.err).toContain('the database is in use');
  expect(await run(['restor'])).toBe(2);
});

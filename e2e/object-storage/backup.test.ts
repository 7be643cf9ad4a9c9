import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backupResultSchema, type BackupResult } from '@process-meter/contract';
import { freePort } from '@process-meter/local';
import { testCertificate } from '@process-meter/operator/testing/certificate';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { Bucket } from '../../manager/src/backup/bucket.ts';
import { bucketPlace } from '../../manager/src/backup/bucket-place.ts';
import { readS3Config } from '../../manager/src/backup/s3-config.ts';
import { contents } from '../../manager/src/testing/contents.ts';
import { addAgent, recordUse } from '../../manager/src/testing/recorded.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../../manager/src/testing/template-db.ts';
import { ManagerCommand, runManager, type Ended } from './manager-command.ts';
import { RoughLine, type Asked, type Fate } from './rough-line.ts';
import { BUCKET, startS3Server, type S3Server } from './s3-server.ts';

const MIB = 1024 * 1024;
const BASE = Date.UTC(2026, 5, 1, 8);
/** Files that go with a backup: they make it as large as a test needs, and no compression makes them smaller. */
const FILES = { count: 25, bytes: 4 * MIB };

let server: S3Server;
let source: TestDatabase;
let dir = '';
let key = '';
const made: TestDatabase[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pm-s3-test-'));
  [server, source] = await Promise.all([startS3Server(), testDatabase(inject('postgresUrl'))]);
  await populate(source);
  key = join(dir, 'key');
  await runManager(['backup', 'key', '--out', key], {});
  mkdirSync(join(dir, 'files'));
  for (let n = 0; n < FILES.count; n += 1)
    writeFileSync(join(dir, 'files', `${n}`), randomBytes(FILES.bytes));
}, 120_000);
afterAll(async () => {
  await Promise.all([source, ...made].map((database) => database?.drop()));
  await server?.stop();
  rmSync(dir, { recursive: true });
});

async function populate({ pool }: TestDatabase): Promise<void> {
  const { rows } = await pool.query<{ account: number; application: number }>(
    `with a as (insert into account (slug, name, hash_key) values ('acme', 'Acme', 'k') returning id)
     insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     select id, 'draw', 'Draw', '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1 from a
     returning account_id as account, id as application`,
  );
  const { account, application } = rows[0]!;
  const agent = await addAgent(pool, account, 'aaaaaaaaaaaa');
  const spans = Array.from({ length: 200 }, (_, n) => ({
    session: 1 + (n % 5),
    document: 1 + (n % 5),
    started: BASE + n * 60_000,
    ended: BASE + (n + 1) * 60_000,
    state: 1,
    open: false,
  }));
  await recordUse(pool, { account, application, agent, spans, asOf: BASE + 300 * 60_000 });
}

/** Each test has a prefix of its own. */
let tests = 0;
function prefix(): string {
  tests += 1;
  return `test-${tests}`;
}

interface At {
  env: Record<string, string>;
  prefix: string;
  /** For `--to`. */
  address: string;
}

/** A prefix of its own, at the server or at what stands before it. */
function at(endpoint = `http://127.0.0.1:${server.port}`, changed: Record<string, string> = {}): At {
  const own = prefix();
  const env = { PM_S3_ENDPOINT: endpoint, PM_S3_PART_MIB: '5', ...server.credentials, ...changed };
  return { env: { ...env, PM_DATABASE_URL: source.url }, prefix: own, address: `s3://${BUCKET}/${own}` };
}

async function rough(fate: (asked: Asked) => Fate): Promise<RoughLine> {
  const line = await RoughLine.to(server.port, fate);
  onTestFinished(() => line.close());
  return line;
}

const bucket = (): Bucket =>
  new Bucket(
    BUCKET,
    readS3Config({ PM_S3_ENDPOINT: `http://127.0.0.1:${server.port}`, ...server.credentials }),
  );

const create = ({ env, address }: At, ...more: string[]): Promise<Ended> =>
  runManager(['backup', 'create', '--to', address, '--for', key, ...more], env);
const large = (): string[] => ['--files', join(dir, 'files')];

/** What is there under the prefix: whole backups, and uploads that are not. */
async function left({ prefix: own }: At): Promise<{ objects: number; uploads: number }> {
  const [objects, uploads] = await Promise.all([bucket().keys(`${own}/`), bucket().uploads(`${own}/`)]);
  return { objects: objects.length, uploads: uploads.length };
}

const isPart = ({ method, path }: Asked): boolean => method === 'PUT' && path.includes('partNumber=');

async function fresh(): Promise<TestDatabase> {
  const database = await emptyDatabase(inject('postgresUrl'));
  made.push(database);
  return database;
}

test('a backup goes to a bucket and comes back as the same database; what was written is what is read', async () => {
  const place = at();
  const [written, read] = [join(dir, 'written'), join(dir, 'read')];
  const ended = await create(place, '--result', written);
  expect(ended).toMatchObject({ code: 0 });
  const location = ended.out.trim();
  expect(location).toMatch(
    new RegExp(String.raw`^s3://${BUCKET}/${place.prefix}/process-meter-\d{8}T\d{6}Z\.tar\.zst\.age$`),
  );
  const from = ['--from', location, '--key', key];
  expect(await runManager(['backup', 'verify', ...from], place.env)).toMatchObject({ code: 0 });
  const target = await fresh();
  const restored = await runManager(['backup', 'restore', ...from, '--result', read], {
    ...place.env,
    PM_DATABASE_URL: target.url,
  });
  expect(restored).toMatchObject({ code: 0 });
  expect(await contents(target.pool)).toEqual(await contents(source.pool));
  const told = (file: string): BackupResult =>
    backupResultSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  expect(told(read)).toEqual(told(written));
  expect(told(written)).toMatchObject({ location, ...(await digestOf(location)) });
});

async function digestOf(location: string): Promise<{ bytes: number; sha256: string }> {
  const { bytes } = await bucket().read(location.replace(`s3://${BUCKET}/`, ''), 0);
  const hash = createHash('sha256');
  let count = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    count += chunk.length;
  }
  return { bytes: count, sha256: hash.digest('hex') };
}

const isCompletion = ({ method, path }: Asked): boolean => method === 'POST' && path.includes('uploadId=');
const gone: Fate = { refused: 'NoSuchUpload', status: 404 };

test.each([
  ['a server that says it again', 'passes' as const],
  ['a server that does not know the upload any more', gone],
])('an answer that is lost is no backup that is lost, with %s', async (_what, again) => {
  const line = await rough((asked) => {
    if (!isCompletion(asked)) return 'passes';
    return asked.count === 2 ? 'cut-answer' : again;
  });
  const place = at(line.url);
  expect(await create(place)).toMatchObject({ code: 0 });
  expect(await left(place)).toEqual({ objects: 1, uploads: 0 });
});

test('an upload whose parts somebody else removed is no backup', async () => {
  const line = await rough((asked) => (isCompletion(asked) ? gone : 'passes'));
  const place = at(line.url);
  const ended = await create(place);
  expect(ended).toMatchObject({ code: 1, out: '' });
  expect(ended.err).toContain('was removed before it was complete');
  expect(await left(place)).toEqual({ objects: 0, uploads: 0 });
});

test('100 MB go through a line that is cut and a server that is too busy, and memory stays bounded', async () => {
  const line = await rough((asked) => {
    if (!isPart(asked)) return 'passes';
    if (asked.count % 4 === 0) return 'cut-asking';
    return asked.count % 7 === 0 ? { refused: 'SlowDown', status: 503 } : 'passes';
  });
  const place = at(line.url);
  const ended = await create(place, ...large());
  expect(ended).toMatchObject({ code: 0 });
  expect(await left(place)).toEqual({ objects: 1, uploads: 0 });
  const bytes = FILES.count * FILES.bytes;
  const parts = line.seen.filter(isPart).length;
  expect(parts).toBeGreaterThan(1.3 * (bytes / (5 * MIB)));

  const folder = join(dir, 'beside');
  mkdirSync(folder);
  const beside = await create({ ...place, address: folder }, ...large());
  expect(beside).toMatchObject({ code: 0 });
  // Two parts of 5 MiB and what speaks to S3 servers.
  expect(ended.memory - beside.memory).toBeLessThan(64);

  const location = ended.out.trim();
  const reading = await rough(({ method, count }) =>
    method === 'GET' && count <= 3 ? { cutAfter: 9 * MIB } : 'passes',
  );
  const verified = await runManager(['backup', 'verify', '--from', location, '--key', key], {
    ...place.env,
    PM_S3_ENDPOINT: reading.url,
  });
  expect(verified).toMatchObject({ code: 0 });
  expect(verified.out).toContain(`and ${FILES.count} files`);
  expect(reading.seen.filter(({ method }) => method === 'GET')).toHaveLength(4);
}, 180_000);

test('a part that changed on its way is refused, and nothing stays', async () => {
  const line = await rough((asked) => (isPart(asked) && asked.count === 1 ? 'changed' : 'passes'));
  const place = at(line.url);
  const ended = await create(place);
  expect(ended.code).toBe(1);
  expect(ended.err).toContain('XAmzContentSHA256Mismatch');
  expect(await left(place)).toEqual({ objects: 0, uploads: 0 });
});

/** A backup whose third part is on its way and comes no further. */
async function inTheMiddle(): Promise<{ place: ReturnType<typeof at>; command: ManagerCommand }> {
  const held = Promise.withResolvers<void>();
  const line = await rough((asked) => {
    if (!isPart(asked) || asked.count < 3) return 'passes';
    held.resolve();
    return 'held';
  });
  const place = at(line.url);
  const command = new ManagerCommand(
    ['backup', 'create', '--to', place.address, '--for', key, ...large()],
    place.env,
  );
  await held.promise;
  return { place, command };
}

test('killed in the middle it leaves no backup, and a later run clears what it left away', async () => {
  const { place, command } = await inTheMiddle();
  command.signal('SIGKILL');
  expect(await command.ended).toMatchObject({ code: null });
  expect(await left(place)).toEqual({ objects: 0, uploads: 1 });

  const own = bucketPlace(bucket(), { prefix: `${place.prefix}/`, partBytes: 5 * MIB });
  expect(await own.tidy(new Date(Date.now() - 60_000))).toEqual([]);
  expect(await own.tidy(new Date(Date.now() + 60_000))).toHaveLength(1);
  expect(await left(place)).toEqual({ objects: 0, uploads: 0 });
});

test('told to end it takes back what it has sent', async () => {
  const { place, command } = await inTheMiddle();
  command.signal('SIGTERM');
  const ended = await command.ended;
  expect(ended).toMatchObject({ code: 1 });
  expect(ended.err).toContain('ended by SIGTERM');
  expect(await left(place)).toEqual({ objects: 0, uploads: 0 });
});

test('the newest backups of the prefix stay, everything else is let be', async () => {
  const place = at();
  const own = bucketPlace(bucket(), { prefix: `${place.prefix}/`, partBytes: 5 * MIB });
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('x');
  }
  const old = ['01', '02', '03'].map((day) => `process-meter-202611${day}T000000Z.tar.zst.age`);
  for (const name of [...old, 'notes.txt', 'deeper/process-meter-20261101T000000Z.tar.zst.age'])
    await own.put(bytes(), Promise.resolve(name));
  const ended = await create(place, '--keep', '2');
  expect(ended).toMatchObject({ code: 0 });
  const made = ended.out.trim().split('/').at(-1);
  expect(new Set(await own.names())).toEqual(new Set(['notes.txt', old[2], made]));
  expect(await bucket().keys(`${place.prefix}/deeper/`)).toHaveLength(1);
  expect(ended.err).toContain(`removed ${place.address}/${old[0]}`);
});

test('with a clock that is an hour ahead it goes by that of the server', async () => {
  const place = at();
  const args = ['backup', 'create', '--to', place.address, '--for', key];
  const ended = await new ManagerCommand(args, place.env, { clockAhead: true }).ended;
  expect(ended).toMatchObject({ code: 0 });
  expect(await left(place)).toEqual({ objects: 1, uploads: 0 });
});

test.each([
  ['another secret key', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'the secret key is not that of the access key'],
  ['an access key that is not known', { AWS_ACCESS_KEY_ID: 'nobody' }, 'does not know the access key'],
  [
    'no credentials',
    { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY',
  ],
  ['another region', { AWS_REGION: 'corp-1' }, 'is of another region (AWS_REGION)'],
])('with %s it says so, and tells no secret', async (_what, changed, message) => {
  const place = at(undefined, changed);
  const ended = await create(place);
  expect(ended.code).toBe(1);
  expect(ended.err).toContain(message);
  expect(ended.err).not.toContain(server.credentials.AWS_SECRET_ACCESS_KEY);
});

test('a bucket, a backup and a server that are not there are named', async () => {
  const place = at();
  const nowhere = await create({ ...place, address: 's3://nowhere/a' });
  expect(nowhere).toMatchObject({ code: 1 });
  expect(nowhere.err).toContain('there is no bucket nowhere at http://127.0.0.1');
  const missing = await runManager(
    ['backup', 'verify', '--from', `${place.address}/a`, '--key', key],
    place.env,
  );
  expect(missing).toMatchObject({ code: 1 });
  expect(missing.err).toContain(`there is no ${place.prefix}/a in the bucket ${BUCKET}`);
  const port = await freePort();
  const nobody = await create(at(`http://127.0.0.1:${port}`));
  expect(nobody).toMatchObject({ code: 1 });
  expect(nobody.err).toContain(`nothing listens at http://127.0.0.1:${port}`);
  const wrong = await create({ ...place, address: 's3://Nowhere' });
  expect(wrong.err).toContain('s3://Nowhere is no address of a bucket');
}, 120_000);

test('over TLS the authority of the server is told, and another one is not trusted', async () => {
  const certificate = testCertificate();
  const secure = await startS3Server(certificate);
  onTestFinished(() => secure.stop());
  const file = join(dir, 'authority.pem');
  writeFileSync(file, certificate.cert);
  const place = at(`https://127.0.0.1:${secure.port}`, secure.credentials);
  const untrusted = await create(place);
  expect(untrusted).toMatchObject({ code: 1 });
  expect(untrusted.err).toContain('is of an authority that is not trusted here (NODE_EXTRA_CA_CERTS)');
  const env = { ...place.env, NODE_EXTRA_CA_CERTS: file };
  const ended = await create({ ...place, env });
  expect(ended).toMatchObject({ code: 0 });
  const verify = ['backup', 'verify', '--from', ended.out.trim(), '--key', key];
  expect(await runManager(verify, env)).toMatchObject({ code: 0 });
});

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { STATE, type PrivacyRule } from '@process-meter/contract';
import { startXServer, supervise, type LocalXServer, type Supervised } from '@process-meter/local';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../stack/agent-process.ts';
import { filesBelow, searchBytes, searchFolder, unpackedFrames, type Found } from '../stack/byte-search.ts';
import { startServers, type Servers } from '../stack/servers.ts';

const runFile = promisify(execFile);
/** May be written down by the rules. */
const ALLOWED = 'allowedqmzrvtx';
/** Stands in titles and paths that a rule drops, hashes or shortens. */
const SECRET = 'secretqwjxkvp';
/** Is typed, and copied, and stands in no title and no path. */
const TYPED = 'typedqzkwvhxj';
const TOKENS = [ALLOWED, SECRET, TYPED];

interface Case {
  name: string;
  rule: PrivacyRule;
  /** Folders from the top, and the file; without a file a window with only a title. */
  folders: string[];
  file?: string;
  title: string;
}
const CASES: Case[] = [
  {
    name: 'Keep',
    rule: 'keep',
    folders: [`${ALLOWED}-up`, `${ALLOWED}-in`],
    file: `${ALLOWED}-a.txt`,
    title: '',
  },
  {
    name: 'Base',
    rule: 'baseName',
    folders: [`${SECRET}-up`, `${ALLOWED}-last`],
    file: `${ALLOWED}-b.txt`,
    title: '',
  },
  {
    name: 'Hash',
    rule: 'hash',
    folders: [`${SECRET}-up2`, `${SECRET}-in2`],
    file: `${SECRET}-c.txt`,
    title: '',
  },
  {
    name: 'Drop',
    rule: 'drop',
    folders: [`${SECRET}-up3`, `${SECRET}-in3`],
    file: `${SECRET}-d.txt`,
    title: '',
  },
  { name: 'KeepTitle', rule: 'keep', folders: [], title: `Letter ${ALLOWED}` },
  { name: 'BaseTitle', rule: 'baseName', folders: [], title: `/${SECRET}/${ALLOWED}` },
  { name: 'HashTitle', rule: 'hash', folders: [], title: `Letter ${SECRET} one` },
  { name: 'DropTitle', rule: 'drop', folders: [], title: `Letter ${SECRET} two` },
  // Nobody meters it: it is open, it is typed into, and nothing of it is anybody's business.
  { name: 'NotMetered', rule: 'drop', folders: [], title: `Diary ${SECRET}` },
];
const METERED = CASES.filter(({ name }) => name !== 'NotMetered');

let servers: Servers;
let display: LocalXServer;
let agent: AgentProcess;
let pool: Pool;
let papers: string;
let live: Buffer;
const windows: Supervised[] = [];

beforeAll(async () => {
  papers = mkdtempSync(join(tmpdir(), 'pm-papers-'));
  [servers, display] = await Promise.all([startServers(), startXServer()]);
  pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
  const settings = METERED.map(({ name, rule }) => ({
    name,
    rules: [{ windowClass: `Pm${name}` }],
    inactiveAfterMs: 5000,
    timeoutAfterMs: 60_000,
    titlePrivacy: rule,
    pathPrivacy: rule,
  }));
  await servers.manager.monitorOnly(settings);
  agent = await AgentProcess.desktop({
    PM_MANAGER_URL: servers.managerUrl,
    PM_STATE_DIR: join(servers.dir, 'agent'),
    PM_ENROL_TOKEN: await servers.manager.enrolmentToken('privacy'),
    PM_LOG_LEVEL: 'trace',
    DISPLAY: display.display,
  });
  // Those that are there when somebody begins to watch are asked to send at once.
  await waitFor(async () => (await count('agent where last_seen_at is not null')) === 1);
  const leave = await servers.manager.watch();
  await Promise.all(CASES.map(openWindow));
  await expectDocuments();
  for (const one of CASES) await typeInto(one);
  // One more change of a title, and an end of everything, so that all that is written on such occasions is there too.
  await Promise.all(windows.map((window) => window.stop('SIGKILL')));
  await waitFor(async () => (await count('session where ended is not null')) === METERED.length);
  await waitFor(async () => (await count('dirty_log')) === 0);
  live = leave();
  await pool.query('checkpoint');
}, 120_000);
afterAll(async () => {
  await Promise.all(windows.map((window) => window.stop('SIGKILL')));
  await agent?.stop();
  await pool?.end();
  await servers?.stop();
  await display?.stop();
  rmSync(papers, { recursive: true, force: true });
});

const count = async (from: string): Promise<number> =>
  Number((await pool.query<{ n: string }>(`select count(*) as n from ${from}`)).rows[0]?.n);

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 40_000; !(await holds());) {
    if (Date.now() > end) throw new Error(`it did not come true: ${holds.toString()}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** A terminal whose class names its case; with a file, an editor in it that has the file open. */
async function openWindow({ name, folders, file, title }: Case): Promise<void> {
  const folder = join(papers, ...folders);
  mkdirSync(folder, { recursive: true });
  const path = file === undefined ? undefined : join(folder, file);
  if (path !== undefined) writeFileSync(path, 'first line\n');
  const shown = file === undefined ? title : `${file} - nano`;
  const program = path === undefined ? ['sleep', '600'] : ['nano', '-I', path];
  const env = { ...process.env, DISPLAY: display.display };
  const args = ['-class', `Pm${name}`, '-title', shown, '-e', ...program];
  windows.push(await supervise('xterm', args, { cwd: folder, env }));
  await waitFor(async () => (await windowOf(name)) !== '');
}

async function xdotool(...args: string[]): Promise<string> {
  const env = { ...process.env, DISPLAY: display.display };
  return (await runFile('xdotool', args, { env, timeout: 20_000 })).stdout.trim();
}
const windowOf = (name: string): Promise<string> =>
  xdotool('search', '--onlyvisible', '--class', `^Pm${name}$`).catch(() => '');

/** Types the text and moves and clicks the pointer, as somebody at work does. */
async function typeInto({ name }: Case): Promise<void> {
  const window = (await windowOf(name)).split('\n')[0] ?? '';
  await xdotool('windowactivate', '--sync', window);
  await xdotool('mousemove', '--window', window, '137', '89', 'click', '1');
  await xdotool('type', '--delay', '15', `${TYPED} `);
  await xdotool('key', 'ctrl+s');
}

/** Every metered window has become a document in the database. */
async function expectDocuments(): Promise<void> {
  await waitFor(async () => (await count('document')) === METERED.length);
}

const paths = (found: readonly Found[], token: string): string[] => [
  ...new Set(found.filter((each) => each.token === token).map(({ where }) => where)),
];

test('the search itself finds a text in every encoding, and inside of what is compressed', () => {
  const filler = 'x'.repeat(500);
  const samples: [string, Buffer][] = [
    ['text', Buffer.from(`${filler}${SECRET}${filler}`)],
    ['utf-16', Buffer.from(`ab${SECRET}`, 'utf16le')],
    ['hex', Buffer.from(Buffer.from(`1${SECRET}`).toString('hex'))],
    ...[0, 1, 2].map((n): [string, Buffer] => [
      `base64+${String(n)}`,
      Buffer.from(Buffer.from(`${'.'.repeat(n)}${SECRET}..`).toString('base64')),
    ]),
  ];
  for (const [as, bytes] of samples) {
    expect(searchBytes(bytes, 'it', TOKENS)).toContainEqual({ where: 'it', token: SECRET, as });
    const packed = Buffer.concat([Buffer.from(filler), zstdCompressSync(bytes), Buffer.from(filler)]);
    const found = { where: 'it (unpacked)', token: SECRET, as };
    expect(searchBytes(packed, 'it', TOKENS)).toContainEqual(found);
  }
});

test('no typed text, and no title or path that a rule forbids, is in any byte the system wrote', async () => {
  const { found, bytes } = searchFolder(servers.dir, TOKENS);
  const log = searchBytes(readFileSync(`${join(servers.dir, 'agent')}.log`), 'agent.log', TOKENS);
  process.stdout.write(`privacy: ${String(Math.round(bytes / 1e6))} MB of files searched\n`);
  expect(paths([...found, ...log], TYPED)).toEqual([]);
  expect(paths([...found, ...log], SECRET)).toEqual([]);
  // It looked where records are: what is allowed is found in each of the places.
  const allowed = paths(found, ALLOWED).join('\n');
  for (const place of [
    /^agent\/.*wal/m,
    /^agent\/\S+(db|sqlite)\b/m,
    /^nats\//m,
    /^postgres\/base\//m,
    /^postgres\/pg_wal\//m,
  ])
    expect(allowed).toMatch(place);
});

test('nor in any row of the database, however it is stored, nor in any answer, page of figures or export', async () => {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('information_schema', 'pg_catalog')`,
  );
  const found: Found[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`);
    for (const { row } of rows) found.push(...searchBytes(Buffer.from(row), name, TOKENS));
  }
  const answers = await servers.manager.everything();
  answers.push(['live', live], ...(await figuresOfIngest()));
  for (const [address, body] of answers) found.push(...searchBytes(body, address, TOKENS));
  expect(paths(found, TYPED)).toEqual([]);
  expect(paths(found, SECRET)).toEqual([]);
  const allowed = paths(found, ALLOWED).join('\n');
  for (const place of [/^public\.document$/m, /^reports\/sessions\//m, /\.csv/m, /^live$/m])
    expect(allowed).toMatch(place);
});

/** Ingest says its port in its log. */
async function figuresOfIngest(): Promise<[string, Buffer][]> {
  const logs = filesBelow(join(servers.dir, 'log')).map((path) => readFileSync(path, 'utf8'));
  const ports = logs.flatMap((log) => /"port":(\d+)[^\n]*"ingest runs"/.exec(log)?.[1] ?? []);
  expect(ports).toHaveLength(2);
  return Promise.all(
    ports.map(async (port): Promise<[string, Buffer]> => {
      const page = await fetch(`http://127.0.0.1:${port}/metrics`);
      return ['ingest metrics', Buffer.from(await page.arrayBuffer())];
    }),
  );
}

test('the text was really typed, and counted as input', async () => {
  const [{ folders, file } = { folders: [] }] = CASES;
  expect(readFileSync(join(papers, ...folders, file ?? ''), 'utf8')).toContain(TYPED);
  expect(await count(`segment where state = ${String(STATE.active)}`)).toBeGreaterThanOrEqual(METERED.length);
});

test('names and folders are what the rules make of them', async () => {
  const { rows } = await pool.query<{ app: string; name: string; path: string; source: string }>(
    `select a.name as app, d.name, d.path, d.source from document d
       join session s on s.agent_id = d.agent_id and s.id = d.session_id
       join application a on a.id = s.application_id`,
  );
  const of = Object.fromEntries(rows.map(({ app, ...rest }) => [app, rest]));
  const hash = expect.stringMatching(/^[\w-]{43}$/);
  expect(of).toEqual({
    Keep: { name: `${ALLOWED}-a.txt`, path: join(papers, `${ALLOWED}-up`, `${ALLOWED}-in`), source: 'file' },
    Base: { name: `${ALLOWED}-b.txt`, path: `${ALLOWED}-last`, source: 'file' },
    Hash: { name: hash, path: hash, source: 'file' },
    Drop: { name: '', path: '', source: 'file' },
    KeepTitle: { name: `Letter ${ALLOWED}`, path: '', source: 'title' },
    BaseTitle: { name: ALLOWED, path: '', source: 'title' },
    HashTitle: { name: hash, path: '', source: 'title' },
    DropTitle: { name: '', path: '', source: 'none' },
  });
});

/** All that a batch may name. That a key or the pointer was used is a cause and a state, never which and where. */
const FIELDS =
  'v c a e q n at b d g r o s t l st f kind seq session document application user computer desktop executable pid ' +
  'started ended endCause revision name path source confidence opened closed closeCause from to cause input window ' +
  'documents reason lost seqs rev asOf watchedFrom state flags since held';

test('no key code and no coordinate has a place anywhere: not in a batch, not in a table', async () => {
  const batches = filesBelow(join(servers.dir, 'nats'))
    .map((path) => readFileSync(path))
    .flatMap((bytes) => [bytes, ...unpackedFrames(bytes)])
    .flatMap(batchesIn);
  expect(batches.length).toBeGreaterThan(3);
  const unknown = new Set(batches.flatMap(namesIn));
  for (const name of FIELDS.split(' ')) unknown.delete(name);
  expect([...unknown]).toEqual([]);

  const { rows } = await pool.query<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public'`,
  );
  const columns = rows.map(({ name }) => name);
  expect(columns).toContain('document.name');
  expect(
    columns.filter((name) =>
      /key_?(code|sym)|button|pointer|mouse|coord|clipboard|\.[xy]$|_[xy]$/i.test(name),
    ),
  ).toEqual([]);
});

/** Plain batches in the files of the stream: JSON objects that begin as one does. */
function batchesIn(bytes: Buffer): unknown[] {
  const batches: unknown[] = [];
  const begin = Buffer.from('{"v":1,"c":');
  for (let at = bytes.indexOf(begin); at !== -1; at = bytes.indexOf(begin, at + 1)) {
    const text = bytes.subarray(at, at + 300_000).toString('utf8');
    batches.push(JSON.parse(text.slice(0, endOfObject(text))));
  }
  return batches;
}

function endOfObject(text: string): number {
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (match[0] === '{') depth += 1;
    if (match[0] === '}') depth -= 1;
    if (depth === 0) return match.index + 1;
  }
  return text.length;
}

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(namesIn);
  return Array.isArray(value) ? inner : [...Object.keys(value), ...inner];
}

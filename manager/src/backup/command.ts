import { parseArgs } from 'node:util';
import type { BackupResult } from '@process-meter/contract';
import { z } from 'zod';
import { connectDatabase, type Connection } from '../db/index.ts';
import { createBackup, keepNewest } from './create.ts';
import { makeDatabase } from './into-store.ts';
import { makeKey, readIdentity, readRecipients } from './keys.ts';
import { BackupError } from './manifest.ts';
import type { Place } from './place.ts';
import { placeAt, storedAt } from './places.ts';
import { restoreBackup, verifyBackup } from './restore.ts';
import { writeResult } from './result.ts';

const HELP = `Usage: manager backup <command>

  key --out FILE              make the key pair of the backups; prints the public key
  create --to PLACE           back up the database (PM_DATABASE_URL) into PLACE, while everything runs
    --for KEY                 public key, or a file with keys; may be given several times
    --unencrypted             in place of --for: anybody who has the file can read it
    --files DIR               also the files in DIR, such as the keys of the installation
    --keep N                  afterwards remove all but the newest N backups in PLACE
    --result FILE             write size, digest and figures of the backup there, as JSON
  verify --from BACKUP        read a backup to its end and compare every byte with its digests
    --key FILE                file with the secret key, when it is encrypted
  restore --from BACKUP       bring a backup into an empty database (PM_DATABASE_URL)
    --key FILE                file with the secret key, when it is encrypted
    --into NAME               database to make on the server of PM_DATABASE_URL and to restore into; it goes when that fails
    --files-to DIR            where the files that went with it are put
    --result FILE             write size, digest and figures of the backup there, as JSON

PLACE is a folder, or s3://BUCKET/PREFIX; BACKUP is a file, or s3://BUCKET/KEY. For s3:// set PM_S3_ENDPOINT,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and where needed AWS_REGION, NODE_EXTRA_CA_CERTS (file with the authority of
the server's certificate) and PM_S3_PART_MIB (size of a part, 32: an object has at most 10,000).

Exit codes: 0 done, 1 not possible (the reason is printed), 2 wrong usage.
`;

class UsageError extends Error {}

/** Where the command was given. */
export interface Terminal {
  out: (text: string) => void;
  /** Progress and trouble. */
  err: (text: string) => void;
  /** Aborted when the process has to end: a backup that is not whole is taken away first. */
  stop?: AbortSignal;
}

type Run = (args: string[], env: NodeJS.ProcessEnv, terminal: Terminal) => Promise<void>;

const COMMANDS: Readonly<Record<string, Run>> = { key, create, verify, restore };

/** `manager backup …`. @returns the exit code */
export async function backupCommand(
  [name = '--help', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
): Promise<number> {
  if (name === '--help' || args.includes('--help')) {
    terminal.out(HELP);
    return 0;
  }
  try {
    const run = COMMANDS[name];
    if (run === undefined) throw new UsageError(`no such command: ${name}`);
    await run(args, env, terminal);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.err(`${error.message}\n${HELP}`);
      return 2;
    }
    terminal.err(`backup: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

const text = { type: 'string' } as const;

function options<T extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(
  args: string[],
  known: T,
) {
  try {
    return parseArgs({ args, options: known, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wanted(value: string | undefined, name: string): string {
  if (value === undefined) throw new UsageError(`--${name} is needed`);
  return value;
}

async function key(args: string[], _env: NodeJS.ProcessEnv, terminal: Terminal): Promise<void> {
  const { out } = options(args, { out: text });
  const file = wanted(out, 'out');
  const recipient = await makeKey(file);
  terminal.err(
    `backup: the secret key is in ${file}; without it no backup can be read: keep a copy elsewhere\n`,
  );
  terminal.out(`${recipient}\n`);
}

async function create(args: string[], env: NodeJS.ProcessEnv, terminal: Terminal): Promise<void> {
  const given = options(args, {
    to: text,
    for: { type: 'string', multiple: true },
    unencrypted: { type: 'boolean' },
    files: text,
    keep: text,
    result: text,
  });
  const keep = keepOf(given.keep);
  const keys = given.for ?? [];
  if (keys.length === 0 && given.unencrypted !== true)
    throw new UsageError('--for is needed (or --unencrypted)');
  const recipients = (await Promise.all(keys.map(readRecipients))).flat();
  const place = await placeAt(wanted(given.to, 'to'), env);
  await withDatabase(env, async ({ pool }) => {
    const begun = Date.now();
    const onTable = (table: string): void => terminal.err(`backup: ${table}\n`);
    const stop = terminal.stop === undefined ? {} : { stop: terminal.stop };
    const made = await createBackup({ pool, place, recipients, filesDir: given.files, onTable, ...stop });
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    terminal.err(
      `backup: ${made.rows} rows of ${made.tables} tables as of ${made.asOf}, ${size(made.bytes)}, ${seconds} s\n`,
    );
    writeResult(given.result, made);
    if (keep !== undefined) await tidy(place, keep, terminal);
    terminal.out(`${made.location}\n`);
  });
}

/** No backup takes longer. */
const DAY_MS = 24 * 3600 * 1000;

async function tidy(place: Place, keep: number, { err }: Terminal): Promise<void> {
  for (const gone of await keepNewest(place, keep)) err(`backup: removed ${gone}\n`);
  try {
    for (const gone of await place.tidy(new Date(Date.now() - DAY_MS))) err(`backup: removed ${gone}\n`);
  } catch (error) {
    // Not every S3 server tells of uploads, and not everybody may ask: the backup is there all the same.
    if (!(error instanceof BackupError)) throw error;
    err(`backup: what killed backups may have left was not looked for: ${error.message}\n`);
  }
}

function keepOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const parsed = z.coerce.number().int().min(1).safeParse(value);
  if (!parsed.success) throw new UsageError('--keep is a number from 1 on');
  return parsed.data;
}

async function verify(args: string[], env: NodeJS.ProcessEnv, terminal: Terminal): Promise<void> {
  const given = options(args, { from: text, key: text });
  const identity = given.key === undefined ? undefined : readIdentity(given.key);
  const found = await verifyBackup(await storedAt(wanted(given.from, 'from'), env), identity);
  terminal.out(`whole: ${words(found)}\n`);
}

async function restore(args: string[], env: NodeJS.ProcessEnv, terminal: Terminal): Promise<void> {
  const given = options(args, { from: text, key: text, into: text, 'files-to': text, result: text });
  const identity = given.key === undefined ? undefined : readIdentity(given.key);
  const stored = await storedAt(wanted(given.from, 'from'), env);
  await withTarget(env, given.into, async (connection) => {
    const found = await restoreBackup(connection, { stored, identity, filesDir: given['files-to'] });
    writeResult(given.result, found);
    terminal.out(`restored: ${words(found)}; every table was read again and is what was backed up\n`);
  });
}

const words = ({ rows, tables, files, asOf }: BackupResult): string =>
  `${rows} rows of ${tables} tables${files === 0 ? '' : ` and ${files} files`} as of ${asOf}`;

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

type Work = (connection: Connection) => Promise<void>;

/** The database that is named, or one of another name on its server, which goes again when the work fails. */
async function withTarget(env: NodeJS.ProcessEnv, name: string | undefined, work: Work): Promise<void> {
  if (name === undefined) {
    await withDatabase(env, work);
    return;
  }
  const { url, undo } = await makeDatabase(databaseUrl(env), name);
  try {
    await withDatabase({ PM_DATABASE_URL: url }, work);
  } catch (error) {
    await undo();
    throw error;
  }
}

async function withDatabase(env: NodeJS.ProcessEnv, work: Work): Promise<void> {
  const connection = connectDatabase(databaseUrl(env), 2);
  try {
    await work(connection);
  } finally {
    await connection.close();
  }
}

function databaseUrl(env: NodeJS.ProcessEnv): string {
  const parsed = z.object({ PM_DATABASE_URL: z.string().min(1) }).safeParse(env);
  if (!parsed.success) throw new BackupError('PM_DATABASE_URL is not set');
  return parsed.data.PM_DATABASE_URL;
}

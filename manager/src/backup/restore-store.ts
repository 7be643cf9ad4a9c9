import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Pool, PoolClient } from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import { listed, readTable } from './dump-store.ts';
import { BackupError, type Digest, type Manifest, type TableShape } from './manifest.ts';

/** A piece of the rows of a table, as {@link readTable} gave it. */
export interface Piece {
  table: string;
  bytes: Uint8Array;
}

/** Whether nobody has used the database yet. */
export async function isUnused(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>(`select to_regclass('account') is not null as found`);
  if (rows[0]?.found !== true) return true;
  return (await pool.query('select from account limit 1')).rowCount === 0;
}

/**
 * Brings all rows into a database of the manifest's schema, reads them again, and keeps them only when they are exactly
 * those that were written. One transaction: afterwards everything is there, or nothing.
 * @throws BackupError when a table differs
 */
export async function fillDatabase(
  pool: Pool,
  shape: Manifest,
  pieces: AsyncIterable<Piece>,
  written: () => Record<string, Digest>,
): Promise<void> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query(`begin; set local timezone = 'UTC'`);
    await prepareTables(client, shape);
    await copyAll(client, shape, pieces);
    await client.query(
      shape.tables.map(({ name }) => `alter table "${name}" enable trigger user`).join('; '),
    );
    for (const { name, last, called } of shape.sequences)
      await client.query('select setval(quote_ident($1)::regclass, $2, $3)', [name, last, called]);
    await expectSame(client, shape, written());
    await client.query('commit');
    broken = false;
  } finally {
    // A connection whose transaction failed is closed: that ends the transaction too.
    client.release(broken);
  }
}

async function prepareTables(client: PoolClient, shape: Manifest): Promise<void> {
  for (const { name, partition } of shape.tables) {
    if (partition === null) continue;
    const storage = partition.options.length === 0 ? '' : ` with (${partition.options.join(', ')})`;
    await client.query(
      `create table if not exists "${name}" partition of "${partition.of}" ${partition.bound}${storage}`,
    );
  }
  const names = shape.tables.map(({ name }) => `"${name}"`);
  await client.query(`truncate ${names.join(', ')}`);
  // What triggers wrote is among the rows.
  await client.query(names.map((name) => `alter table ${name} disable trigger user`).join('; '));
}

async function copyAll(client: PoolClient, shape: Manifest, pieces: AsyncIterable<Piece>): Promise<void> {
  const tables = new Map(shape.tables.map((table) => [table.name, table]));
  let open: { table: string; rows: CopyStreamQuery } | undefined;
  try {
    for await (const { table: name, bytes } of pieces) {
      const table = tables.get(name);
      if (table === undefined) throw new BackupError(`rows of ${name}, which is not in the list of tables`);
      if (open?.table !== name) {
        await ended(open?.rows);
        open = { table: name, rows: client.query(copyFrom(copySql(table))) };
      }
      if (!open.rows.write(bytes)) await once(open.rows, 'drain');
    }
    await ended(open?.rows);
  } catch (error) {
    // The end of the connection, which follows, is no news to a stream that was given up.
    open?.rows.on('error', () => undefined).destroy();
    throw error;
  }
}

const copySql = ({ name, columns }: TableShape): string =>
  `copy "${name}" (${listed(columns)}) from stdin (format binary)`;

async function ended(rows: CopyStreamQuery | undefined): Promise<void> {
  if (rows === undefined) return;
  rows.end();
  await finished(rows);
}

async function expectSame(
  client: PoolClient,
  { tables }: Manifest,
  written: Record<string, Digest>,
): Promise<void> {
  for (const table of tables) {
    const found = await readTable(client, table, () => Promise.resolve());
    const wanted = written[table.name];
    if (found.sha256 !== wanted?.sha256 || found.rows !== wanted.rows)
      throw new BackupError(
        `table ${table.name} is not what was backed up: ${found.rows} rows of ${wanted?.rows ?? 'none'}`,
      );
  }
}

/** More applications than anybody adds between a backup and its restoring. */
const ID_GAP = 1000;

/**
 * Remembers that the database was made of a backup, so that ingest looks for what came after it. Applications that were
 * added after the backup are gone, and records that come again may name them: no other application gets their numbers.
 */
export async function rememberRestored(pool: Pool, asOf: string): Promise<void> {
  await pool.query(
    `with given as (insert into restored (as_of) values ($1))
     select setval('application_id_seq', last_value + $2) from application_id_seq`,
    [asOf, ID_GAP],
  );
}

import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { readSnapshot } from '../db/index.ts';
import type { Digest, Manifest, TableShape } from './manifest.ts';
import { readShape } from './shape-store.ts';

/** Rows go into the archive in pieces: a piece is held in memory, a table need not be. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Takes the pieces of a table's rows in PostgreSQL's binary COPY format. */
export type TakePiece = (table: TableShape, piece: Uint8Array, index: number) => Promise<void>;

/** Reads the whole database as of one instant. Others go on writing meanwhile. */
export async function readDatabase(
  pool: Pool,
  begin: (shape: Manifest) => Promise<void>,
  take: TakePiece,
): Promise<Record<string, Digest>> {
  return readSnapshot(pool, async (client) => {
    const shape = await readShape(client);
    await begin(shape);
    const digests: Record<string, Digest> = {};
    for (const table of shape.tables) digests[table.name] = await readTable(client, table, take);
    return digests;
  });
}

/** Reads the rows of one table from its beginning, whatever others read: the same rows give the same digest. */
export async function readTable(
  client: PoolClient,
  { name, columns, partition }: TableShape,
  take: TakePiece,
): Promise<Digest> {
  await client.query('set local synchronize_seqscans = off');
  const rows = client.query(copyTo(`copy "${name}" (${listed(columns)}) to stdout (format binary)`));
  const hash = createHash('sha256');
  let bytes = 0;
  let index = 0;
  for await (const piece of inPieces(rows)) {
    hash.update(piece);
    bytes += piece.length;
    index += 1;
    await take({ name, columns, partition }, piece, index);
  }
  return { rows: rows.rowCount, bytes, sha256: hash.digest('hex') };
}

/** Column names for SQL. */
export const listed = (columns: readonly string[]): string => columns.map((name) => `"${name}"`).join(', ');

async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}

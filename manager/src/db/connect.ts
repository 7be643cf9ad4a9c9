import { Kysely, PostgresDialect } from 'kysely';
import { Pool, types } from 'pg';
import type { Database } from './types.ts';

export type Db = Kysely<Database>;

export interface Connection {
  db: Db;
  pool: Pool;
  close(): Promise<void>;
}

const INT8 = 20;
const TIMESTAMPTZ = 1184;

/**
 * Opens a pool. int8 is read as a string (ids may exceed 2^53) and instants as `Date`.
 * @param url `postgres://…` @param max connections of the pool
 */
export function connectDatabase(url: string, max = 10): Connection {
  const pool = new Pool({
    connectionString: url,
    max,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 5000,
    // The same session settings for everyone: reports name their zone themselves.
    options: '-c timezone=UTC',
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8
          ? (value: string) => value
          : types.getTypeParser(oid === TIMESTAMPTZ ? TIMESTAMPTZ : oid, format),
    },
  });
  // An idle connection that the server drops must not end the process; the next query reports the trouble.
  pool.on('error', () => undefined);
  // Nor may one that is lent out and idle (the roller between two rounds, a flush that waits for the one before).
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await db.destroy();
    // Kysely leaves a pool alone that it never used.
    if (!pool.ended) await pool.end();
  };
  return { db, pool, close: () => (closed ??= close()) };
}

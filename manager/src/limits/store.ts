import { sql } from 'kysely';
import type { Db } from '../db/index.ts';

export interface Attempt {
  bucket: string;
  key: Buffer;
  now: Date;
  windowMs: number;
}

const KEPT_MS = 2 * 86_400_000;
const PURGED_AT_ONCE = 10;

/**
 * Counts an attempt and says which one of its window it is. One statement: attempts at the same time, through whichever
 * process, get different numbers. Takes away some old rows on the way.
 */
export async function countAttempt(db: Db, { bucket, key, now, windowMs }: Attempt): Promise<number> {
  const windowBegan = new Date(now.getTime() - windowMs);
  const { rows } = await sql<{ n: number }>`
    with old as (
      delete from attempt_count where (bucket, key) in (
        select bucket, key from attempt_count where since < ${new Date(now.getTime() - KEPT_MS)}
          and (bucket, key) <> (${bucket}, ${key}) order by since limit ${PURGED_AT_ONCE} for update skip locked))
    insert into attempt_count (bucket, key, since, n) values (${bucket}, ${key}, ${now}, 1)
    on conflict (bucket, key) do update set
      since = case when attempt_count.since <= ${windowBegan} then excluded.since else attempt_count.since end,
      n = case when attempt_count.since <= ${windowBegan} then 1 else attempt_count.n + 1 end
    returning n`.execute(db);
  return rows[0]?.n ?? 0;
}

export async function forgetAttempts(
  db: Db,
  { bucket, key }: Pick<Attempt, 'bucket' | 'key'>,
): Promise<void> {
  await db.deleteFrom('attempt_count').where('bucket', '=', bucket).where('key', '=', key).execute();
}

/** Notes something that is true until an instant. */
export async function note(
  db: Db,
  { bucket, key, until }: Pick<Attempt, 'bucket' | 'key'> & { until: Date },
): Promise<void> {
  await db
    .insertInto('attempt_count')
    .values({ bucket, key, since: until, n: 0 })
    .onConflict((conflict) => conflict.columns(['bucket', 'key']).doUpdateSet({ since: until }))
    .execute();
}

/** True when it was noted and its time is not over. */
export async function isNoted(
  db: Db,
  { bucket, key, now }: Pick<Attempt, 'bucket' | 'key' | 'now'>,
): Promise<boolean> {
  const row = await db
    .selectFrom('attempt_count')
    .select('n')
    .where('bucket', '=', bucket)
    .where('key', '=', key)
    .where('since', '>', now)
    .executeTakeFirst();
  return row !== undefined;
}

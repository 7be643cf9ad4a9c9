import type { Pool } from 'pg';
import { OLDEST_MS } from './build.ts';

const WEEK_MS = 7 * 86_400_000;
/** A Monday, 00:00 UTC. */
const MONDAY_MS = Date.UTC(2024, 0, 1);
/** Data older than is taken, or younger than this, stays in the default partition: a wrong clock must not make a thousand tables. */
const YOUNGEST_MS = 2 * WEEK_MS;
/** The default partition holds rows of that week, or somebody else makes it right now: it goes on without. */
const TOLERATED = new Set(['23514', '42P07', '23505']);

/**
 * Makes sure that the weekly partitions for a span of instants exist, and the month partitions of the roll-up.
 * @returns a function that remembers what is there and asks the database only once a partition
 */
export function createPartitions(pool: Pool): (from: number, to: number, now: number) => Promise<void> {
  const ready = new Set<string>();
  return async (from, to, now) => {
    const first = Math.max(from, now - OLDEST_MS);
    const last = Math.min(to, now + YOUNGEST_MS);
    for (let week = weekStart(first); week <= last; week += WEEK_MS) {
      await ensure(pool, ready, partition('segment', 'w', { from: week, to: week + WEEK_MS }));
    }
    for (let month = monthStart(first); month <= last; month = monthStart(month + 32 * 86_400_000)) {
      await ensure(
        pool,
        ready,
        partition('rollup_quarter', 'm', { from: month, to: monthStart(month + 32 * 86_400_000) }),
      );
    }
  };
}

interface Partition {
  name: string;
  sql: string;
}

const weekStart = (at: number): number => MONDAY_MS + Math.floor((at - MONDAY_MS) / WEEK_MS) * WEEK_MS;

function monthStart(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

/** Names and bounds are made of numbers of our own: DDL takes no parameters. */
function partition(
  table: 'segment' | 'rollup_quarter',
  letter: string,
  span: { from: number; to: number },
): Partition {
  const day = new Date(span.from).toISOString().slice(0, 10);
  const end = new Date(span.to).toISOString().slice(0, 10);
  const name = `${table}_${letter}${day.replaceAll('-', '')}`;
  const storage =
    table === 'rollup_quarter' ? 'with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)' : '';
  const bounds = `from ('${day} 00:00+00') to ('${end} 00:00+00')`;
  return {
    name,
    sql: `create table if not exists ${name} partition of ${table} for values ${bounds} ${storage}`,
  };
}

async function ensure(pool: Pool, ready: Set<string>, { name, sql }: Partition): Promise<void> {
  if (ready.has(name)) return;
  try {
    const { rows } = await pool.query<{ found: string | null }>('select to_regclass($1)::text as found', [
      name,
    ]);
    if (typeof rows[0]?.found !== 'string') await pool.query(sql);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && TOLERATED.has(String(error.code)))) throw error;
  }
  ready.add(name);
}

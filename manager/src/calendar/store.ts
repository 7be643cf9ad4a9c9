import type { PoolClient } from 'pg';

/**
 * Starts of the local days of a zone that cover a range, and of the day after, ms UTC. The one place where days come
 * from: PostgreSQL's AT TIME ZONE.
 */
export async function midnights(
  client: PoolClient,
  range: { from: number; to: number },
  zone: string,
): Promise<number[]> {
  const { rows } = await client.query<{ at: Date }>({
    name: 'midnights',
    text: `select (day at time zone $3) as at from generate_series(
       date_trunc('day', $1::timestamptz at time zone $3),
       date_trunc('day', $2::timestamptz at time zone $3) + interval '1 day',
       interval '1 day') as day`,
    values: [new Date(range.from), new Date(Math.max(range.from, range.to - 1)), zone],
  });
  return rows.map((row) => row.at.getTime());
}

/** Start of the local day `days` days before the one an instant lies in. */
export async function midnightBefore(
  client: PoolClient,
  at: number,
  days: number,
  zone: string,
): Promise<number> {
  const { rows } = await client.query<{ at: Date }>({
    name: 'midnight-before',
    text: `select ((date_trunc('day', $1::timestamptz at time zone $3) - make_interval(days => $2)) at time zone $3) as at`,
    values: [new Date(at), days, zone],
  });
  return rows[0]?.at.getTime() ?? at;
}

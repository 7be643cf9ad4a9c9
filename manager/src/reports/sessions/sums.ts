import type { Sessions } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { OPEN_IN_RANGE, parameters, PASSES, type SessionFilter } from './filter.ts';
import { restOf, sweptRest, TIMES, withoutLoops, type Rest } from './times.ts';

export async function sumSessions(
  client: PoolClient,
  filter: SessionFilter,
): Promise<{ total: number; totals: Sessions['totals'] }> {
  const rest = await restOf(client, filter);
  const { rows } = await withoutLoops(client, rest, () =>
    client.query<{ n: number; active_ms: number; inactive_ms: number; timeout_ms: number }>(
      sumsOf(rest),
      parameters(filter),
    ),
  );
  const [sum] = rows;
  return {
    total: sum?.n ?? 0,
    totals: {
      activeMs: sum?.active_ms ?? 0,
      inactiveMs: sum?.inactive_ms ?? 0,
      timeoutMs: sum?.timeout_ms ?? 0,
    },
  };
}

const each = (column: (time: string) => string): string => TIMES.map(column).join(', ');

/** Kept times are added up where they lie; what has none is found by its own indexes. */
const sumsOf = (rest: Rest): string => `
  with ${OPEN_IN_RANGE}, untimed_in_range as (
    select * from session where account_id = $1 and started < $3 and ended is null
    union all
    select * from session where account_id = $1 and started < $3 and ended > $2 and kept_active_ms is null
  ), untimed as (select * from untimed_in_range s where ${PASSES}), ${sweptRest('untimed', rest)}
  select k.n, ${each((time) => `k.${time} + t.${time} as ${time}`)}
  from (select count(*)::int as n, ${each((time) => `coalesce(sum(kept_${time}), 0) as ${time}`)}
      from open_in_range s where ${PASSES}) k,
    (select ${each((time) => `coalesce(sum(${time}), 0) as ${time}`)} from times) t`;

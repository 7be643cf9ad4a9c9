import { STATE, type StateName } from '@process-meter/contract';
import type { PoolClient } from 'pg';

export interface SessionFilter {
  account: number;
  from: number;
  to: number;
  /** Ids; those that are not there are left out. */
  applications?: readonly number[] | undefined;
  users?: readonly string[] | undefined;
  computers?: readonly string[] | undefined;
  session?: string | undefined;
  /** Only open sessions, in one of these states. */
  states?: readonly StateName[] | undefined;
  at?: number | undefined;
}

/**
 * Sessions that were open at any moment of the range. Few are longer than a day: those are found by an index of their
 * own, so that a range reads the sessions of its days and not all that began before it ends.
 */
export const OPEN_IN_RANGE = `
  open_in_range as not materialized (
    select * from session where account_id = $1 and started < $3 and started >= $2::timestamptz - interval '1 day'
      and (ended is null or ended > $2)
    union all
    select * from session where account_id = $1 and started < least($3, $2::timestamptz - interval '1 day')
      and (ended is null or ended - started > interval '1 day') and (ended is null or ended > $2)
  )`;

/** An agent is found by the part of a reference before the dot; only its sessions are compared whole. */
const REFERENCE_BEGINS = `s.agent_id = any(array(select a.id from agent a where starts_with(a.external_id, split_part($7, '.', 1))))
  and (select starts_with(${refOf('s')}, $7) from agent a where a.id = s.agent_id)`;

/** Of a session `s`; null once it ended. */
export const STATE_NOW = `select min(d.state) from open_document d where d.agent_id = s.agent_id and d.session_id = s.id`;

/** Whether a session `s` passes all of the filters. */
export const PASSES = [
  `($4::int[] is null or s.application_id = any($4))`,
  `($5::text[] is null or s.user_name = any($5))`,
  `($6::text[] is null or s.computer = any($6))`,
  `($7::text is null or (${REFERENCE_BEGINS}))`,
  `($8::int[] is null or (s.ended is null and (${STATE_NOW}) = any($8)))`,
  `($9::timestamptz is null or (s.started <= $9 and (s.ended is null or s.ended > $9)))`,
].join(' and ');

/** Of a session `of` and its agent `a`. */
export function refOf(of: string): string {
  return `a.external_id || '.' || lpad(to_hex(${of}.id), 16, '0')`;
}

/** The parameters of {@link OPEN_IN_RANGE} and {@link PASSES}: $1 to $9. */
export function parameters(filter: SessionFilter): unknown[] {
  return [
    filter.account,
    new Date(filter.from),
    new Date(filter.to),
    filter.applications ?? null,
    filter.users ?? null,
    filter.computers ?? null,
    filter.session ?? null,
    filter.states?.map((name) => STATE[name]) ?? null,
    filter.at === undefined ? null : new Date(filter.at),
  ];
}

/** Whether nothing is asked for but the range. */
export const isWhole = ({ applications, users, computers, states, session, at }: SessionFilter): boolean =>
  [applications, users, computers, states, session, at].every((asked) => asked === undefined);

/** Ids of applications of the account, also of deleted ones; what there is not is left out. */
export async function applicationIds(
  client: PoolClient,
  account: number,
  slugs: readonly string[],
): Promise<number[]> {
  const { rows } = await client.query<{ id: number }>(
    'select id from application where account_id = $1 and slug = any($2)',
    [account, slugs],
  );
  return rows.map(({ id }) => id);
}

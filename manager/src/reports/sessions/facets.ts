import { stateName, type ApplicationRef, type Sessions } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { MATCHES, OPEN_IN_RANGE, parameters, STATE_NOW, type SessionFilter } from './store.ts';

type Facets = Sessions['facets'];

const FACET_LIMIT = 200;
/** Account and range come first. */
const RANGE_PARAMETERS = 3;

/**
 * Values to choose from: all of the range, so that a choice can be changed and not only narrowed, each with the sessions
 * that the other filters leave of it.
 */
export async function sessionFacets(client: PoolClient, filter: SessionFilter): Promise<Facets> {
  const values = parameters(filter);
  const isPlain = values.slice(RANGE_PARAMETERS).every((value) => value === null);
  const { rows } = isPlain
    ? await client.query<FacetRow>(PLAIN_FACETS, values.slice(0, RANGE_PARAMETERS))
    : await client.query<FacetRow>(FACETS, values);
  const of = <Kind extends keyof Counts>(kind: Kind): FacetRow[] => rows.filter((row) => row.kind === kind);
  const named = (kind: 'user' | 'computer'): Facets['users'] =>
    of(kind).map((row) => ({ value: row.value, count: row[kind] }));
  const [all] = rows.filter(({ kind }) => kind === 'all');
  const states = new Map(of('state').map((row) => [stateName(Number(row.value)), row.state]));
  return {
    applications: await applications(client, filter, of('application')),
    users: named('user'),
    computers: named('computer'),
    states: (['active', 'inactive', 'timeout'] as const).map((value) => ({
      value,
      count: states.get(value) ?? 0,
    })),
    without: {
      app: all?.application ?? 0,
      user: all?.user ?? 0,
      computer: all?.computer ?? 0,
      state: all?.state ?? 0,
    },
  };
}

/** Those that were used in the range, and those that are not used and not deleted. */
async function applications(
  client: PoolClient,
  { account, applications: chosen = [] }: SessionFilter,
  used: readonly FacetRow[],
): Promise<Facets['applications']> {
  const counts = new Map(used.map((row) => [row.value, row.application]));
  const { rows } = await client.query<ApplicationRef & { deleted: boolean }>(
    'select id, slug, name, deleted_at is not null as deleted from application where account_id = $1',
    [account],
  );
  return rows
    .filter(({ id, deleted }) => !deleted || counts.has(String(id)))
    .map(({ id, slug, name }) => ({ id, slug, name, count: counts.get(String(id)) ?? 0 }))
    .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .filter(({ id }, i) => i < FACET_LIMIT || chosen.includes(id));
}

/** Sessions that all filters but the named one leave. */
interface Counts {
  application: number;
  user: number;
  computer: number;
  state: number;
}

interface FacetRow extends Counts {
  kind: keyof Counts | 'all';
  value: string;
}

const KINDS = ['application', 'user', 'computer', 'state'] as const;

const allBut = (left: keyof Counts): string => {
  const passed = KINDS.filter((kind) => kind !== left).map((kind) => `by_${kind}`);
  return `count(*) filter (where by_rest and ${passed.join(' and ')})::int as "${left}"`;
};

const KIND = `case when grouping(application_id) = 0 then 'application' when grouping(user_name) = 0 then 'user'
  when grouping(computer) = 0 then 'computer' when grouping(state_now) = 0 then 'state' else 'all' end as kind`;
const VALUE = 'coalesce(application_id::text, user_name, computer, state_now::text) as value';
const SETS = 'grouping sets ((application_id), (user_name), (computer), (state_now), ())';

/** With their state now, which only open ones have. */
const IN_RANGE = `
  with ${OPEN_IN_RANGE}, in_range as (
    select *, case when ended is null then (${STATE_NOW}) end as state_now from open_in_range s)`;

/** Without a filter every count is the same. */
const PLAIN_FACETS = `
  ${IN_RANGE}, counted as (select ${KIND}, ${VALUE}, count(*)::int as n from in_range group by ${SETS}),
  ranked as (select *, row_number() over (partition by kind order by n desc, value) as rank from counted)
  select kind, value, n as application, n as "user", n as computer, n as state from ranked
  where kind in ('application', 'state', 'all') or rank <= ${FACET_LIMIT} order by kind, rank`;

const FACETS = `
  ${IN_RANGE}, judged as (
    select application_id, user_name, computer, state_now, ${MATCHES.application} as by_application,
      ${MATCHES.user} as by_user, ${MATCHES.computer} as by_computer, ${MATCHES.rest} as by_rest,
      ($8::int[] is null or state_now = any($8)) as by_state
    from in_range s
  ), counted as (
    select ${KIND}, ${VALUE}, count(*) as present, ${KINDS.map(allBut).join(', ')} from judged group by ${SETS}
  ), ranked as (
    select *, row_number() over (partition by kind order by case kind when 'user' then "user" else computer end desc,
      present desc, value) as rank from counted)
  select kind, value, application, "user", computer, state from ranked
  where kind in ('application', 'state', 'all') or rank <= ${FACET_LIMIT}
    or (kind = 'user' and value = any($5)) or (kind = 'computer' and value = any($6))
  order by kind, rank`;

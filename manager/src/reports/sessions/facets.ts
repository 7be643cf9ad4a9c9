import { STATE, type ApplicationRef, type Sessions } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { MATCHES, OPEN_IN_RANGE, parameters, STATE_NOW, type SessionFilter } from './store.ts';

type Facets = Sessions['facets'];

const FACET_LIMIT = 200;

/**
 * Values to choose from: all of the range, so that a choice can be changed and not only narrowed, each with the sessions
 * that the other filters leave of it.
 */
export async function sessionFacets(client: PoolClient, filter: SessionFilter): Promise<Facets> {
  const { rows } = await client.query<FacetRow>(facetsSql(filter), parameters(filter));
  const of = (kind: FacetRow['kind']): FacetRow[] => rows.filter((row) => row.kind === kind);
  const named = (kind: 'user' | 'computer'): Facets['users'] =>
    of(kind).map((row) => ({ value: row.value, count: row[kind] }));
  const used = of('application');
  // Every session is of one application.
  const without = (kind: keyof Counts): number => used.reduce((sum, row) => sum + row[kind], 0);
  return {
    applications: await applications(client, filter, used),
    users: named('user'),
    computers: named('computer'),
    states: await states(client, filter),
    without: {
      app: without('application'),
      user: without('user'),
      computer: without('computer'),
      state: without('state'),
    },
  };
}

async function states(client: PoolClient, filter: SessionFilter): Promise<Facets['states']> {
  const { rows } = await client.query<{ state: number | null; n: number }>(
    STATES,
    parameters({ ...filter, states: undefined }),
  );
  return (['active', 'inactive', 'timeout'] as const).map((value) => ({
    value,
    count: rows.find(({ state }) => state === STATE[value])?.n ?? 0,
  }));
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
  kind: 'application' | 'user' | 'computer';
  value: string;
}

const KINDS = ['application', 'user', 'computer', 'state'] as const;

/** What is not asked for is not looked at: then most counts are the same, and the database makes each once. */
function allBut(left: keyof Counts, filter: SessionFilter): string {
  const asked = {
    application: filter.applications,
    user: filter.users,
    computer: filter.computers,
    state: filter.states,
    rest: filter.session ?? filter.at,
  };
  const passed = [...KINDS, 'rest' as const].filter((kind) => kind !== left && asked[kind] !== undefined);
  const where = passed.map((kind) => `by_${kind}`).join(' and ');
  return `count(*) ${where === '' ? '' : `filter (where ${where})`}::int as "${left}"`;
}

const KIND = `case when grouping(application_id) = 0 then 'application' when grouping(user_name) = 0 then 'user'
  else 'computer' end as kind`;

const facetsSql = (filter: SessionFilter): string => `
  with ${OPEN_IN_RANGE}, judged as (
    select application_id, user_name, computer, ${KINDS.map((kind) => `${MATCHES[kind]} as by_${kind}`).join(', ')},
      ${MATCHES.rest} as by_rest
    from open_in_range s
  ), counted as (
    select ${KIND}, coalesce(application_id::text, user_name, computer) as value, count(*) as present,
      ${KINDS.map((kind) => allBut(kind, filter)).join(', ')}
    from judged group by grouping sets ((application_id), (user_name), (computer))
  ), ranked as (
    select *, row_number() over (partition by kind order by case kind when 'user' then "user" else computer end desc,
      present desc, value) as rank from counted)
  select kind, value, application, "user", computer, state from ranked
  where kind = 'application' or rank <= ${FACET_LIMIT}
    or (kind = 'user' and value = any($5)) or (kind = 'computer' and value = any($6))
  order by kind, rank`;

/** Of open sessions alone, which are few. */
const STATES = `
  with ${OPEN_IN_RANGE}
  select (${STATE_NOW}) as state, count(*)::int as n from open_in_range s
  where s.ended is null and ${Object.values(MATCHES).join(' and ')} group by 1`;

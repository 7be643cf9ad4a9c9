import { STATE, type ApplicationRef, type Sessions } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { isWhole, OPEN_IN_RANGE, parameters, PASSES, STATE_NOW, type SessionFilter } from './filter.ts';

type Facets = Sessions['facets'];

const FACET_LIMIT = 200;

/**
 * Values to choose from: all of the range, so that a choice can be changed and not only narrowed, each with the sessions
 * that the other filters leave of it. Each list is a statement of its own: then all but the list of the only filter
 * read no more than what that filter leaves.
 */
export async function sessionFacets(client: PoolClient, filter: SessionFilter): Promise<Facets> {
  const used = await usedApplications(client, filter);
  const users = await named(client, filter, 'users');
  const computers = await named(client, filter, 'computers');
  return {
    applications: await applications(client, filter, used),
    users: users.values,
    computers: computers.values,
    states: await states(client, filter),
    // Every session is of one application.
    without: {
      app: total(used),
      user: users.all,
      computer: computers.all,
      state: total(
        chosenOf(filter.states === undefined ? used : await usedInAnyState(client, filter), filter),
      ),
    },
  };
}

interface UsedApplication {
  id: number;
  count: number;
}

const total = (used: readonly UsedApplication[]): number => used.reduce((sum, { count }) => sum + count, 0);
const chosenOf = (
  used: readonly UsedApplication[],
  { applications: chosen }: SessionFilter,
): UsedApplication[] => used.filter(({ id }) => chosen?.includes(id) ?? true);

const usedInAnyState = (client: PoolClient, filter: SessionFilter): Promise<UsedApplication[]> =>
  usedApplications(client, { ...filter, states: undefined });

async function usedApplications(client: PoolClient, filter: SessionFilter): Promise<UsedApplication[]> {
  const { rows } = await client.query<UsedApplication>(
    USED_APPLICATIONS,
    parameters({ ...filter, applications: undefined }),
  );
  return rows;
}

/** Those that were used in the range, and those that are not used and not deleted. */
async function applications(
  client: PoolClient,
  filter: SessionFilter,
  used: readonly UsedApplication[],
): Promise<Facets['applications']> {
  const counts = new Map(used.map(({ id, count }) => [id, count]));
  const range = [filter.account, new Date(filter.from), new Date(filter.to)];
  const { rows } = await client.query<ApplicationRef>(OFFERED_APPLICATIONS, range);
  return rows
    .map(({ id, slug, name }) => ({ id, slug, name, count: counts.get(id) ?? 0 }))
    .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .filter(({ id }, i) => i < FACET_LIMIT || filter.applications?.includes(id));
}

type NamedKind = 'users' | 'computers';

interface Named {
  values: Facets['users'];
  /** Sessions of all values, also of those that the list has no room for. */
  all: number;
}

async function named(client: PoolClient, filter: SessionFilter, kind: NamedKind): Promise<Named> {
  const { [kind]: chosen = [], ...others } = filter;
  const { rows } = await client.query<{ value: string; count: number; all: number }>(
    LISTS[kind][isWhole(others) ? 'counted' : 'offered'],
    [...parameters(others), chosen],
  );
  return { values: rows.map(({ value, count }) => ({ value, count })), all: rows[0]?.all ?? 0 };
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

const USED_APPLICATIONS = `
  with ${OPEN_IN_RANGE}
  select application_id as id, count(*)::int as count from open_in_range s where ${PASSES} group by 1`;

const OFFERED_APPLICATIONS = `
  with ${OPEN_IN_RANGE}
  select id, slug, name from application a where account_id = $1
    and (deleted_at is null or exists (select from open_in_range s where s.application_id = a.id))`;

/**
 * The values of a column: those that are counted, or those that are there at all, which are looked up one after the
 * other in the index of the column. What is chosen ($10) is named also where the list is too long.
 */
function listOf(column: 'user_name' | 'computer', from: 'counted' | 'offered'): string {
  const first = (condition: string): string =>
    `(select ${column} from session where account_id = $1 ${condition} order by ${column} limit 1)`;
  return `
    with recursive ${OPEN_IN_RANGE}, counted as (
      select ${column} as value, count(*)::int as count from open_in_range s where ${PASSES} group by 1
    ), known(value) as (
      select ${first('')} union all select ${first(`and ${column} > k.value`)} from known k where k.value is not null
    ), offered as (
      select k.value, coalesce(c.count, 0) as count from known k left join counted c on c.value = k.value
      where c.value is not null or exists (select from open_in_range s where s.${column} = k.value)
    ), ranked as (
      select value, count, (sum(count) over ())::int as all, row_number() over (order by count desc, value) as rank
      from ${from})
    select value, count, "all" from ranked where rank <= ${FACET_LIMIT} or value = any($10) order by rank`;
}

const LISTS = {
  users: { counted: listOf('user_name', 'counted'), offered: listOf('user_name', 'offered') },
  computers: { counted: listOf('computer', 'counted'), offered: listOf('computer', 'offered') },
} as const;

/** Of open sessions alone, which are few. */
const STATES = `
  with ${OPEN_IN_RANGE}
  select (${STATE_NOW}) as state, count(*)::int as n from open_in_range s
  where s.ended is null and ${PASSES} group by 1`;

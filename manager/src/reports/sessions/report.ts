import type { SessionRow, Sessions, SessionsQuery } from '@process-meter/contract';
import type { Pool, PoolClient } from 'pg';
import { checkedRange, type Slot } from '../../calendar/index.ts';
import { readCompleteness } from '../../completeness/index.ts';
import { readSnapshot } from '../../db/index.ts';
import { sessionFacets } from './facets.ts';
import { applicationIds, type SessionFilter } from './filter.ts';
import { listSessions } from './list.ts';
import { sumSessions } from './sums.ts';

export interface SessionsInput {
  account: number;
  query: SessionsQuery;
  zone: string;
  now: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_RANGE_MS = 7 * DAY_MS;
const MAX_DAYS = 400;
const EXPORT_CHUNK = 1000;

/** Session Summary: one page of what the filter gives, and the sums of all of it. @throws AppError PM-4000 bad range */
export function sessionsReport(pool: Pool, input: SessionsInput): Promise<Sessions> {
  const range = rangeOf(input);
  const { page, size, sort } = input.query;
  return readSnapshot(pool, async (client) => {
    const filter = await filterOf(client, input, range);
    return {
      ...(await sumSessions(client, filter)),
      sessions: await listSessions(client, filter, { sort, limit: size, offset: (page - 1) * size }),
      page,
      size,
      zone: input.zone,
      ...range,
      facets: await sessionFacets(client, filter),
      completeness: await readCompleteness(client, input.account, [range], input.now),
    };
  });
}

/** All rows that the filter gives, in chunks: an export gives the filter, not the page. */
export async function* allSessions(pool: Pool, input: SessionsInput): AsyncGenerator<SessionRow> {
  const range = rangeOf(input);
  for (let offset = 0; ; offset += EXPORT_CHUNK) {
    const page = { sort: input.query.sort, limit: EXPORT_CHUNK, offset };
    const rows = await readSnapshot(pool, async (client) =>
      listSessions(client, await filterOf(client, input, range), page),
    );
    yield* rows;
    if (rows.length < EXPORT_CHUNK) return;
  }
}

function rangeOf({ query, now }: SessionsInput): Slot {
  const to = query.to === undefined ? now : Date.parse(query.to);
  const from = query.from === undefined ? to - DEFAULT_RANGE_MS : Date.parse(query.from);
  return checkedRange({ from, to }, MAX_DAYS);
}

async function filterOf(
  client: PoolClient,
  { account, query }: SessionsInput,
  range: Slot,
): Promise<SessionFilter> {
  return {
    account,
    ...range,
    applications: query.app && (await applicationIds(client, account, query.app)),
    users: query.user,
    computers: query.computer,
    session: query.session,
    states: query.state,
    at: query.at === undefined ? undefined : Date.parse(query.at),
  };
}

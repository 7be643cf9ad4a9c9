import type { SessionRow, Sessions, SessionsQuery } from '@process-meter/contract';
import type { Pool } from 'pg';
import { checkedRange } from '../../calendar/index.ts';
import { readCompleteness } from '../../completeness/index.ts';
import { readSnapshot } from '../../db/index.ts';
import { listSessions, sessionFacets, sumSessions, type SessionFilter } from './store.ts';

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
  const filter = filterOf(input);
  const { page, size, sort } = input.query;
  return readSnapshot(pool, async (client) => ({
    ...(await sumSessions(client, filter)),
    sessions: await listSessions(client, filter, { sort, limit: size, offset: (page - 1) * size }),
    page,
    size,
    zone: input.zone,
    from: filter.from,
    to: filter.to,
    facets: await sessionFacets(client, filter),
    completeness: await readCompleteness(
      client,
      input.account,
      [{ from: filter.from, to: filter.to }],
      input.now,
    ),
  }));
}

/** All rows that the filter gives, in chunks: an export gives the filter, not the page. */
export async function* allSessions(pool: Pool, input: SessionsInput): AsyncGenerator<SessionRow> {
  const filter = filterOf(input);
  for (let offset = 0; ; offset += EXPORT_CHUNK) {
    const page = { sort: input.query.sort, limit: EXPORT_CHUNK, offset };
    const rows = await readSnapshot(pool, (client) => listSessions(client, filter, page));
    yield* rows;
    if (rows.length < EXPORT_CHUNK) return;
  }
}

function filterOf({ account, query, now }: SessionsInput): SessionFilter {
  const to = query.to === undefined ? now : Date.parse(query.to);
  const from = query.from === undefined ? to - DEFAULT_RANGE_MS : Date.parse(query.from);
  return {
    account,
    ...checkedRange({ from, to }, MAX_DAYS),
    app: query.app,
    user: query.user,
    computer: query.computer,
    session: query.session,
    state: query.state,
    at: query.at === undefined ? undefined : Date.parse(query.at),
  };
}

import { sessionsQuerySchema, STATE, type Sessions, type StateName } from '@process-meter/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addAgent, recordUse, type RecordedSpan } from '../../testing/recorded.ts';
import { testDatabase, type TestDatabase } from '../../testing/template-db.ts';
import { sessionsReport } from './report.ts';

const MINUTE = 60_000;
const BASE = Date.UTC(2026, 10, 24, 8);
const AS_OF = BASE + 600 * MINUTE;
const AGENT = 'aaaaaaaaaaaa';
const APPS = ['draw', 'plan', 'unused'] as const;
const USERS = ['ida', 'olav', 'per, "jr"', 'åse', "o'hara"];
const COMPUTERS = ['ws-1', 'ws-2', 'ws,3'];
const STATES = ['active', 'inactive', 'timeout'] as const;

/** A session as somebody would write it down. */
interface Made {
  app: 'draw' | 'plan';
  user: string;
  computer: string;
  from: number;
  minutes: number;
  /** What it is in now; null once it ended. */
  state: StateName | null;
}

let database: TestDatabase;
let accounts = 0;
beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
});
afterAll(() => database.drop());

async function newAccount(): Promise<{ account: number; ids: Record<string, number>; name: string }> {
  accounts += 1;
  const { rows } = await database.pool.query<{ id: number }>(
    `insert into account (slug, name, hash_key) values ('a' || $1::int, 'A', 'k') returning id`,
    [accounts],
  );
  const account = rows[0]!.id;
  const added = await database.pool.query<{ id: number; slug: string }>(
    `insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     select $1, s, s, '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1 from unnest($2::text[]) s returning id, slug`,
    [account, APPS],
  );
  const name =
    AGENT.slice(0, -3) +
    String(accounts)
      .padStart(3, 'a')
      .replaceAll(/\d/g, (d) => 'bcdefghijk'.charAt(Number(d)));
  return { account, ids: Object.fromEntries(added.rows.map(({ slug, id }) => [slug, id])), name };
}

async function record(made: readonly Made[]): Promise<{ account: number; name: string }> {
  const { account, ids, name } = await newAccount();
  const agent = await addAgent(database.pool, account, name);
  for (const app of ['draw', 'plan'] as const) {
    const spans = made.flatMap((each, i): RecordedSpan[] => {
      if (each.app !== app) return [];
      const started = BASE + each.from * MINUTE;
      const ended = each.state === null ? started + each.minutes * MINUTE : AS_OF;
      const state = STATE[each.state ?? 'active'];
      return [{ session: i + 1, document: i + 1, started, ended, state, open: each.state !== null }];
    });
    const user = (session: number): string => made[session - 1]!.user;
    await recordUse(database.pool, { account, application: ids[app]!, agent, spans, asOf: AS_OF, user });
  }
  await database.pool.query(
    `update session s set computer = c.computer from unnest($2::text[]) with ordinality c(computer, id)
     where s.agent_id = $1 and s.id = c.id`,
    [agent, made.map(({ computer }) => computer)],
  );
  return { account, name };
}

const KEYS = ['app', 'user', 'computer', 'state'] as const;
type Key = (typeof KEYS)[number];
interface Asked {
  from: number;
  to: number;
  chosen: Partial<Record<Key, string[]>>;
  at: number | undefined;
}

/** What was written down, looked at one by one. */
function trueReport(made: readonly Made[], { from, to, chosen, at }: Asked) {
  const end = (each: Made): number => (each.state === null ? each.from + each.minutes : Infinity);
  const inRange = made.filter((each) => each.from < to && end(each) > from);
  const open = inRange.filter((each) => at === undefined || (each.from <= at && end(each) > at));
  const passes = (each: Made, keys: readonly Key[]): boolean =>
    keys.every((key) => chosen[key]?.includes(String(each[key])) ?? true);
  const allBut = (left: Key): Made[] =>
    open.filter((each) =>
      passes(
        each,
        KEYS.filter((key) => key !== left),
      ),
    );
  const counted = (key: Key, values: readonly string[]): Record<string, number> =>
    Object.fromEntries(
      values.map((value) => [value, allBut(key).filter((each) => each[key] === value).length]),
    );
  const present = (key: 'user' | 'computer'): string[] => [...new Set(inRange.map((each) => each[key]))];
  return {
    sessions: made.flatMap((each, i) => (open.includes(each) && passes(each, KEYS) ? [i + 1] : [])),
    app: counted('app', APPS),
    user: counted('user', present('user')),
    computer: counted('computer', present('computer')),
    state: counted('state', STATES),
    without: Object.fromEntries(KEYS.map((key) => [key, allBut(key).length])),
  };
}

function saidReport({ sessions, total, facets }: Sessions): ReturnType<typeof trueReport> {
  expect(sessions).toHaveLength(total);
  const record = (values: { value: string; count: number }[]): Record<string, number> =>
    Object.fromEntries(values.map(({ value, count }) => [value, count]));
  return {
    sessions: sessions.map(({ session }) => parseInt(session.split('.')[1]!, 16)).toSorted((a, b) => a - b),
    app: Object.fromEntries(facets.applications.map(({ slug, count }) => [slug, count])),
    user: record(facets.users),
    computer: record(facets.computers),
    state: record(facets.states),
    without: facets.without,
  };
}

const madeSessions: fc.Arbitrary<Made[]> = fc.array(
  fc.record({
    app: fc.constantFrom('draw' as const, 'plan' as const),
    user: fc.constantFrom(...USERS),
    computer: fc.constantFrom(...COMPUTERS),
    from: fc.integer({ min: 0, max: 500 }),
    minutes: fc.integer({ min: 1, max: 90 }),
    state: fc.constantFrom(null, null, ...STATES),
  }),
  { minLength: 1, maxLength: 40 },
);

const someOf = (values: readonly string[]): fc.Arbitrary<string[] | undefined> =>
  fc.option(fc.subarray([...values], { minLength: 1 }), { nil: undefined });

const asked: fc.Arbitrary<Asked> = fc
  .record({
    from: fc.integer({ min: 0, max: 400 }),
    length: fc.integer({ min: 1, max: 300 }),
    app: someOf([...APPS, 'nothing']),
    user: someOf([...USERS, 'nobody']),
    computer: someOf(COMPUTERS),
    state: someOf(STATES),
    at: fc.option(fc.integer({ min: 0, max: 600 }), { nil: undefined }),
  })
  .map(({ from, length, at, ...chosen }) => ({
    from,
    to: from + length,
    at,
    chosen: Object.fromEntries(Object.entries(chosen).filter(([, values]) => values !== undefined)),
  }));

const iso = (minute: number): string => new Date(BASE + minute * MINUTE).toISOString();

async function answer(account: number, { from, to, chosen, at }: Asked): Promise<Sessions> {
  const query = sessionsQuerySchema.parse({
    from: iso(from),
    to: iso(to),
    size: 200,
    ...chosen,
    ...(at === undefined ? {} : { at: iso(at) }),
  });
  return sessionsReport(database.pool, { account, query, zone: 'UTC', now: AS_OF });
}

test('any choice of any filters gives the sessions that match, and of each value how many the others leave', async () => {
  await fc.assert(
    fc.asyncProperty(
      madeSessions,
      fc.array(asked, { minLength: 6, maxLength: 6 }),
      async (made, questions) => {
        const { account } = await record(made);
        for (const question of questions)
          expect(saidReport(await answer(account, question))).toEqual(trueReport(made, question));
      },
    ),
    { numRuns: 8 },
  );
}, 120_000);

test('of a list that is too long what is chosen is still named', async () => {
  const made = Array.from({ length: 260 }, (_, i): Made => ({
    app: 'draw',
    user: `user-${String(i % 230).padStart(3, '0')}`,
    computer: 'ws-1',
    from: i,
    minutes: 10,
    state: null,
  }));
  const { account } = await record(made);
  const whole = { from: 0, to: 600, at: undefined };
  const { facets } = await answer(account, { ...whole, chosen: {} });
  expect(facets.users).toHaveLength(200);
  expect(facets.users.map(({ value }) => value)).not.toContain('user-229');
  const narrowed = await answer(account, { ...whole, chosen: { user: ['user-229', 'user-001'] } });
  expect(narrowed.facets.users).toHaveLength(201);
  expect(narrowed.facets.users).toContainEqual({ value: 'user-229', count: 1 });
  expect(narrowed.facets.without).toEqual({ app: 3, user: 260, computer: 3, state: 3 });
  expect(narrowed.total).toBe(3);
});

test('a deleted application is offered where it was used, also with no session left', async () => {
  const at = { minutes: 10, state: null, computer: 'ws-1' } as const;
  const { account } = await record([
    { ...at, app: 'draw', user: 'ida', from: 0 },
    { ...at, app: 'plan', user: 'olav', from: 100 },
  ]);
  await database.pool.query('update application set deleted_at = now() where account_id = $1', [account]);
  const offered = async (from: number, to: number): Promise<unknown> => {
    const { facets } = await answer(account, { from, to, at: undefined, chosen: { user: ['olav'] } });
    return facets.applications.map(({ slug, count }) => [slug, count]);
  };
  expect(await offered(0, 200)).toEqual([
    ['plan', 1],
    ['draw', 0],
  ]);
  expect(await offered(50, 200)).toEqual([['plan', 1]]);
});

test('pages in the order of starts are cuts of the whole list, also of sessions that began at the same instant or days ago', async () => {
  const starts = fc.array(
    fc.tuple(fc.constantFrom(-2000, -1500, 0, 1, 2, 3, 4, 5), fc.integer({ min: 1, max: 2500 })),
    {
      minLength: 8,
      maxLength: 16,
    },
  );
  const page = fc.record({
    size: fc.integer({ min: 1, max: 5 }),
    sort: fc.constantFrom('started', '-started'),
  });
  await fc.assert(
    fc.asyncProperty(starts, page, async (made, { size, sort }) => {
      const { account } = await record(
        made.map(([from, minutes]): Made => ({
          app: 'draw',
          user: 'ida',
          computer: 'ws-1',
          from,
          minutes,
          state: null,
        })),
      );
      const listed = async (more: Record<string, string>): Promise<Sessions> => {
        const query = sessionsQuerySchema.parse({ from: iso(0), to: iso(600), sort, ...more });
        return sessionsReport(database.pool, { account, query, zone: 'UTC', now: AS_OF });
      };
      const { sessions: whole, total } = await listed({ size: '200' });
      expect(whole).toHaveLength(total);
      const inOrder = whole.map(({ started }) => started);
      expect(inOrder).toEqual(inOrder.toSorted((a, b) => (sort === 'started' ? a - b : b - a)));
      for (let number = 1; (number - 1) * size < total; number += 1) {
        const { sessions } = await listed({ size: String(size), page: String(number) });
        expect(sessions).toEqual(whole.slice((number - 1) * size, number * size));
      }
    }),
    { numRuns: 10 },
  );
}, 120_000);

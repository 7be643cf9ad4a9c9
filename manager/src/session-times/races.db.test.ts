import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { SessionFilter } from '../reports/sessions/filter.ts';
import type { Step } from '../testing/sample-agent.ts';
import {
  BASE,
  DAY,
  lateSegment,
  MINUTE,
  report,
  TimesLab,
  type Desk,
  type Send,
} from '../testing/times-lab.ts';
import { sumSessions } from '../reports/sessions/sums.ts';

let lab: TimesLab;
beforeAll(async () => {
  lab = await TimesLab.open(inject('postgresUrl'));
});
afterAll(() => lab.database.drop());

const plain: Step = { minutes: 10, document: 0, act: 1, hold: false, send: 'records and snapshot' };

/** A desk with one session of ten minutes that is over and whose times are not known yet. */
async function endedDesk(): Promise<{ of: Desk; send: Send }> {
  const of = await lab.desk();
  const send = lab.byIngest(of);
  await send(of.desktop.take(plain));
  await send(of.desktop.take({ ...plain, act: 'close' }));
  expect(await lab.keptOf(of)).toMatchObject([{ times: [null, null, null] }]);
  return { of, send };
}

test('a session that ended before its last segment came is kept when the server has closed it, and not after it opened again', async () => {
  const of = await lab.desk();
  const send = lab.byIngest(of);
  await send(of.desktop.take(plain));
  await send(of.desktop.take(plain));
  const [segment, ...ends] = of.desktop.take({ ...plain, act: 'close' })!.records;
  expect(segment!.kind).toBe('segment');
  await send({ records: ends, open: null });
  // What the agent last said of it runs on.
  expect(await lab.keepAll()).toBe(0);
  await lab.expectSwept(lab.filterOf(of));
  await lab.close();
  expect(await lab.keepAll()).toBe(1);
  expect(await lab.keptOf(of)).toMatchObject([{ times: [10 * MINUTE, 0, 0] }]);
  await lab.expectSwept(lab.filterOf(of));
  // News of something else: what the server wrote is gone again.
  await send(of.desktop.take({ ...plain, document: 2, send: 'records' }));
  expect((await lab.keptOf(of))[0]).toMatchObject({ times: [null, null, null] });
  await lab.expectSwept(lab.filterOf(of));
  await send({ records: [segment!], open: null });
  await send(of.desktop.last());
  expect(await lab.keepAll()).toBe(1);
  expect((await lab.keptOf(of))[0]).toMatchObject({ times: [20 * MINUTE, 0, 0] });
});

/** Every statement that changes the table sleeps in its transaction until the hold ends. */
async function slow(table: string): Promise<{ reached: () => Promise<void>; over: () => Promise<void> }> {
  const { pool } = lab.database;
  await pool.query(`
    create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return null; end $$;
    create trigger dawdle after insert or update on ${table} for each statement execute function dawdle()`);
  const sleeping = `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
  return {
    reached: () =>
      expect.poll(async () => (await pool.query(sleeping)).rowCount, { interval: 5 }).toBeGreaterThan(0),
    over: async () => void (await pool.query(`drop trigger dawdle on ${table}; drop function dawdle`)),
  };
}

test('times that are computed while a late segment is being committed have it in them', async () => {
  const { of, send } = await endedDesk();
  // It has looked for kept times already, found none, and is not committed yet.
  const slowed = await slow('open_snapshot');
  const late = { ...lateSegment(of, { seq: 1, id: 1, minute: 20, state: 2 }), open: of.desktop.last().open };
  const sending = send(late, 8);
  await slowed.reached();
  expect(await lab.keepAll()).toBeGreaterThan(0);
  await Promise.all([sending, slowed.over()]);
  expect(await lab.keptOf(of)).toMatchObject([{ times: [10 * MINUTE, 20 * MINUTE, 0] }]);
  await lab.expectKeptAreCounted(of);
});

test('a record that arrives while times are being computed leaves them not known', async () => {
  const { of, send } = await endedDesk();
  const slowed = await slow('session');
  const keeping = lab.keepAll();
  await slowed.reached();
  const sending = send(lateSegment(of, { seq: 1, id: 1, minute: 20, state: 2 }), 8);
  expect(await keeping).toBeGreaterThan(0);
  await Promise.all([sending, slowed.over()]);
  expect(await lab.keptOf(of)).toMatchObject([{ times: [null, null, null] }]);
  await lab.expectSwept(lab.filterOf(of));
  expect(await lab.keepAll()).toBeGreaterThan(0);
  expect(await lab.keptOf(of)).toMatchObject([{ times: [10 * MINUTE, 20 * MINUTE, 0] }]);
});

test('several processes compute while several write: no update is lost', async () => {
  const all = await Promise.all(Array.from({ length: 3 }, () => endedDesk()));
  let over = false;
  let rounds = 0;
  const keeper = async (): Promise<void> => {
    while (!over) rounds += await lab.keepAll();
  };
  const keeping = Promise.all([keeper(), keeper(), keeper()]);
  await Promise.all(
    all.map(async ({ of, send }) => {
      for (let seq = 1; seq <= 25; seq += 1) {
        await send(lateSegment(of, { seq, id: 1, minute: 15 + seq * 15, state: 1 + (seq % 3) }), 8);
      }
    }),
  );
  over = true;
  await keeping;
  // More often than there are sessions: they were forgotten and computed again in between.
  expect(rounds).toBeGreaterThan(all.length);
  for (const { of } of all) await lab.expectKeptAreCounted(of);
  await lab.keepAll();
  for (const { of } of all) expect(await lab.expectKeptAreCounted(of)).toBe(1);
});

test('of many sessions without times the weeks are read, with the same answer', async () => {
  const of = await lab.desk();
  await lab.database.pool.query(
    `with made as (select n, $4::timestamptz + n * interval '37 seconds' as at from generate_series(1, 1200) n),
     sessions as (
       insert into session (account_id, agent_id, id, application_id, user_name, computer, desktop, executable, pid, started,
         ended, end_cause, revision)
       select $1, $2, n, $3, 'ida', 'ws-1', ':1', 'draw', 1, at, at + interval '5 minutes', 13, 1 from made)
     insert into segment select n, n, at + i * interval '1 minute', at + (i + 1 + n % 2) * interval '1 minute', 1, n * 5 + i,
       $1, $3, $2, 1 + (n + i) % 3, 1, 0 from made, generate_series(0, 4) i`,
    [lab.account, of.agent, of.application, new Date(BASE)],
  );
  const wide: SessionFilter = { account: lab.account, from: BASE - DAY, to: BASE + 60 * DAY };
  const swept = await lab.onClient((client) => report(client, wide));
  const one = await lab.onClient((client) =>
    sumSessions(client, { ...wide, applications: [of.application] }),
  );
  expect(one.total).toBe(1200);
  expect(await lab.keepAll()).toBe(1200);
  expect(await lab.onClient((client) => report(client, wide))).toEqual(swept);
  expect(
    await lab.onClient((client) => sumSessions(client, { ...wide, applications: [of.application] })),
  ).toEqual(one);
});

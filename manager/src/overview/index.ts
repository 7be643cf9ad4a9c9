import { overviewSchema, type Overview } from '@process-meter/contract';
import type { Pool } from 'pg';
import { readCompleteness } from '../completeness/index.ts';
import { readSnapshot } from '../db/index.ts';
import { readToday, type LiveAccount, type LiveBoard } from '../live/index.ts';
import type { App } from '../plugins/index.ts';
import { tasksOf, todayOf } from './model.ts';
import { rememberSlow } from './remember.ts';
import { findTasks } from './store.ts';

export interface OverviewDeps {
  pool: Pool;
  board: LiveBoard;
  clock: () => number;
}

const HOUR_MS = 3_600_000;
const HOURS = 24;

export function overviewRoutes(app: App, deps: OverviewDeps): void {
  // The zone belongs to the key: another answer begins when it is changed.
  const overview = rememberSlow(
    ({ id, zone }: LiveAccount) => `${id} ${zone}`,
    (account) => readOverview(deps, account),
  );
  app.get(
    '/overview',
    {
      schema: {
        operationId: 'getOverview',
        summary: 'Live use, the day so far, completeness of the last 24 hours, and what needs somebody',
        tags: ['overview'],
        response: { 200: overviewSchema },
      },
    },
    (request) => overview(request.who().account),
  );
}

async function readOverview({ pool, board, clock }: OverviewDeps, account: LiveAccount): Promise<Overview> {
  const now = clock();
  const end = Math.ceil(now / HOUR_MS) * HOUR_MS;
  const slots = Array.from({ length: HOURS }, (_, i) => ({
    from: end - (HOURS - i) * HOUR_MS,
    to: end - (HOURS - 1 - i) * HOUR_MS,
  }));
  const today = await readToday(pool, { account: account.id, zone: account.zone, now });
  const live = await board.now(account, today);
  const known = await readSnapshot(pool, async (client) => ({
    completeness: await readCompleteness(client, account.id, slots, now),
    tasks: tasksOf(await findTasks(client, account.id, new Date(now))),
  }));
  return { zone: account.zone, live, today: todayOf(today), ...known };
}

import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from '@playwright/test';
import { CAUSE, STATE, type RecordRoom } from '@process-meter/contract';
import { freePort, startPostgres, supervise, type Supervised } from '@process-meter/local';
import type { Pool } from 'pg';
import { noHub } from '../../manager/src/hub/index.ts';
import { PASSWORD, testApi, type TestApi } from '../../manager/src/testing/api.ts';
import { addAgent, recordUse, rollAll } from '../../manager/src/testing/recorded.ts';
import {
  AGENTS,
  APPLICATIONS,
  FIXED_NOW,
  FIXED_ZONE,
  RECORDED_ROOM,
  recordedSpans,
  type RecordedAgent,
} from './recorded-data.ts';
import { signIn } from './sign-in.ts';

const PORTAL = fileURLToPath(new URL('../../portal/server.ts', import.meta.url));
const CLOCK = fileURLToPath(new URL('fixed-clock.ts', import.meta.url));
const READY_MS = 20_000;

/** The portal over a Manager whose data and clock are always the same. */
export interface RecordedStack {
  portal: string;
  api: TestApi;
  /** Of the account with the recorded data, when no other is named. */
  signIn(page: Page, account?: string): Promise<void>;
  /** What the message servers hold from now on; null: they do not answer. */
  holds(room: RecordRoom | null): void;
  /** The clock of the pages stands still too. */
  fix(context: BrowserContext): Promise<void>;
  stop(): Promise<void>;
}

/** Starts PostgreSQL, the Manager's API and the built portal, all at one fixed instant, over recorded data. */
export async function startRecordedStack(): Promise<RecordedStack> {
  const postgres = await startPostgres();
  const away = noHub();
  let held: RecordRoom | null = RECORDED_ROOM;
  const recordRoom = (): Promise<RecordRoom> => (held === null ? away.recordRoom() : Promise.resolve(held));
  const api = await testApi(postgres.url, { clock: () => FIXED_NOW, hub: { ...away, recordRoom } });
  const parts: Supervised[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.stop('SIGKILL')));
    await api.close();
    await postgres.stop();
  };
  try {
    await record(api);
    const managerUrl = await api.app.listen({ port: 0, host: '127.0.0.1' });
    const portal = await startPortal(managerUrl, parts);
    return {
      portal,
      api,
      signIn: (page, account) => signIn(page, portal, { account, password: PASSWORD }),
      holds: (room) => {
        held = room;
      },
      fix: async (context) => {
        await context.clock.setFixedTime(FIXED_NOW);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startPortal(managerUrl: string, parts: Supervised[]): Promise<string> {
  const port = await freePort();
  const env = {
    ...process.env,
    PM_MANAGER_URL: managerUrl,
    PM_PUBLIC_MANAGER_URL: 'https://meter.example.com',
    PM_PORT: String(port),
    PM_FIXED_NOW: String(FIXED_NOW),
  };
  parts.push(await supervise(process.execPath, ['--import', CLOCK, PORTAL], { env }));
  const url = `http://localhost:${port}`;
  for (const end = performance.now() + READY_MS; performance.now() < end;) {
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return url;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the portal is not ready');
}

async function record(api: TestApi): Promise<void> {
  const { pool } = api.database;
  const { account } = api;
  const at = new Date(FIXED_NOW - 40 * 86_400_000);
  await pool.query(`update account set name = 'Aldermoor Engineering', time_zone = $1`, [FIXED_ZONE]);
  for (const application of APPLICATIONS) {
    const { status } = await api.call('POST', 'applications', application);
    if (status !== 201) throw new Error(`an application was refused with ${String(status)}`);
  }
  await pool.query('update application set updated_at = $1, created_at = $1', [at]);
  await pool.query('update application_history set valid_from = $1', [at]);
  const { rows } = await pool.query<{ id: number }>('select id from application order by id');
  for (const [index, agent] of AGENTS.entries()) {
    const id = await addAgent(pool, account, agent.id, agent.computer);
    await describe(pool, id, agent);
    for (const [place, spans] of recordedSpans(index).entries()) {
      const application = rows[place]?.id ?? 0;
      const asOf = FIXED_NOW - agent.heardAgo;
      await recordUse(pool, { account, application, agent: id, spans, asOf, user: () => agent.user });
    }
    await pool.query(
      `update session s set computer = $2, desktop = ':0', revision = a.revision
       from application a where a.id = s.application_id and s.agent_id = $1`,
      [id, agent.computer],
    );
    await watch(pool, { account, id, heard: FIXED_NOW - agent.heardAgo });
  }
  await nameCauses(pool);
  await refuse(pool, account);
  await rollAll(pool);
}

/** What the agent said of itself. */
async function describe(pool: Pool, id: number, agent: RecordedAgent): Promise<void> {
  const heard = FIXED_NOW - agent.heardAgo;
  const enrolled = new Date(FIXED_NOW - 40 * 86_400_000);
  await pool.query(
    `update agent set user_name = $2, last_seen_at = $3, phase = 'running', waiting = $4, oldest_waiting = $5,
       enrolled_at = $6, version = '0.1.0', applied_revision = (select config_revision from account limit 1) - $7::int
     where id = $1`,
    [
      id,
      agent.user,
      new Date(heard),
      agent.heardAgo > 3_600_000 ? 12 : 0,
      agent.heardAgo > 3_600_000 ? new Date(heard) : null,
      enrolled,
      agent.heardAgo > 86_400_000 ? 1 : 0,
    ],
  );
  const [input, window, documents, reason] =
    agent.blind === true
      ? [
          'none',
          'none',
          'none',
          'This desktop runs on Wayland, which tells a program nothing of other windows.',
        ]
      : ['hook+idle', 'x11', 'proc', ''];
  await pool.query(
    `insert into capability (account_id, agent_id, at, input, "window", documents, desktop, reason)
     select account_id, id, $2, $3, $4, $5, 'x11', $6 from agent where id = $1`,
    [id, enrolled, input, window, documents, reason],
  );
}

async function watch(
  pool: Pool,
  { account, id, heard }: { account: number; id: number; heard: number },
): Promise<void> {
  const begun = Date.UTC(2026, 9, 13);
  await pool.query(
    `insert into coverage (account_id, agent_id, from_at, to_at, cause)
     select $1, $2, t, least(t + interval '1 day', $4::timestamptz), $5
     from generate_series($3::timestamptz, $4::timestamptz, interval '1 day') t where t < $4`,
    [account, id, new Date(begun), new Date(heard), CAUSE.cut],
  );
}

/** A state begins by what made it. */
async function nameCauses(pool: Pool): Promise<void> {
  for (const [table, instant] of [
    ['segment', 'started'],
    ['open_document', 'since'],
  ] as const) {
    await pool.query(
      `update ${table} set cause = case state when ${STATE.active} then ${CAUSE.input}
         when ${STATE.timeout} then ${CAUSE.timeoutReached} else
         case when exists (select from document d where d.agent_id = ${table}.agent_id and d.id = ${table}.document_id
           and d.opened = ${table}.${instant}) then ${CAUSE.opened} else ${CAUSE.noInput} end end`,
    );
  }
}

/** A batch that was not accepted, so that Health has something to show. */
async function refuse(pool: Pool, account: number): Promise<void> {
  await pool.query(
    `insert into dead_letter (received_at, account_id, agent_id, subject, stream_seq, stream_at, code, reason, headers, body)
     values ($1, $2, null, 'rec.default.agent-99', 1, $1, 'PM-2003', 'The signature does not fit.', '{}', $3)`,
    [new Date(FIXED_NOW - 7_200_000), account, Buffer.alloc(412)],
  );
}

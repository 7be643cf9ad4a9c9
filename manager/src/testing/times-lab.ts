import { deepStrictEqual, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { AgentRecord } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { closeSilentAgents, silentAgents } from '../closing/index.ts';
import { createReplay } from '../ingest/replay.ts';
import { mergeDocuments, type StateSpan } from '../rollup/index.ts';
import type { SessionFilter } from '../reports/sessions/filter.ts';
import { listSessions } from '../reports/sessions/list.ts';
import { sumSessions } from '../reports/sessions/sums.ts';
import { BEGINNING, keepTimes, type Place } from '../session-times/index.ts';
import { ingestFeed } from './feed.ts';
import { storedLetter } from './letter.ts';
import { addAgent } from './recorded.ts';
import { SampleAgent } from './sample-agent.ts';
import { testDatabase, type TestDatabase } from './template-db.ts';

export const BASE = Date.UTC(2026, 5, 1, 8);
export const MINUTE = 60_000;
export const DAY = 86_400_000;
const KEY = { kid: 'k1', master: randomBytes(32) };
const ORDERS = ['-active', 'timeout', 'started'] as const;

export interface Desk {
  agent: number;
  name: string;
  application: number;
  desktop: SampleAgent;
}
export type News = ReturnType<SampleAgent['last']>;
export type Send = (news: News | null, epoch?: number) => Promise<void>;

const KEPT = 'kept_active_ms, kept_inactive_ms, kept_timeout_ms';

export interface KeptRow {
  id: string;
  times: [number | null, number | null, number | null];
}
/** A database with desks whose records, ends, closings and kept times can meet in any order. For tests. */
export class TimesLab {
  readonly database: TestDatabase;
  readonly account: number;
  #desks = 0;

  private constructor(database: TestDatabase, account: number) {
    this.database = database;
    this.account = account;
  }

  static async open(postgresUrl: string): Promise<TimesLab> {
    const database = await testDatabase(postgresUrl);
    const { rows } = await database.pool.query<{ id: number }>(
      `insert into account (slug, name, hash_key) values ('acme', 'Acme', 'k') returning id`,
    );
    return new TimesLab(database, rows[0]!.id);
  }

  async desk(): Promise<Desk> {
    this.#desks += 1;
    const number = this.#desks;
    const letters = number.toString(8).replaceAll(/./g, (digit) => 'abcdefgh'.charAt(Number(digit)));
    const name = letters.padStart(12, 'a');
    const agent = await addAgent(this.database.pool, this.account, name);
    const { rows } = await this.database.pool.query<{ id: number }>(
      `insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     values ($1, 'app-' || $2::int, 'App', '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1) returning id`,
      [this.account, number],
    );
    return { agent, name, application: rows[0]!.id, desktop: new SampleAgent(rows[0]!.id, BASE) };
  }

  async onClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.database.pool.connect();
    try {
      return await work(client);
    } finally {
      client.release();
    }
  }

  /** Computes whatever is due, in rounds of a few. @returns how many */
  async keepAll(): Promise<number> {
    let kept = 0;
    for (let after: Place | undefined = BEGINNING; after !== undefined;) {
      const from: Place = after;
      const round = await this.onClient((client) => keepTimes(client, from, 3));
      kept += round?.kept ?? 0;
      after = round?.last;
    }
    return kept;
  }

  async close(): Promise<void> {
    const silence = { heardBefore: new Date(Date.now() + DAY), revokedBefore: new Date(0) };
    const { agents } = await silentAgents(this.database.pool, silence, 1000);
    await this.onClient((client) => closeSilentAgents(client, silence, agents));
  }

  /** As a message of the stream. */
  byIngest({ name }: Desk): Send {
    const feed = ingestFeed(this.database.pool);
    return async (news, epoch = 7) => {
      if (news !== null) await feed({ account: 'acme', agent: name, epoch, ...news });
    };
  }

  /** As a dead letter that is replayed. */
  byReplay({ name }: Desk): Send {
    const masters = new Map([[KEY.kid, KEY.master]]);
    const replay = createReplay({ pool: this.database.pool, masters, clock: Date.now });
    return async (news, epoch = 7) => {
      if (news === null) return;
      const letter = storedLetter({ account: 'acme', agent: name, epoch, ...news }, KEY);
      await this.onClient(async (client) => {
        await client.query('begin');
        ok((await replay(client, letter)).ok);
        await client.query('commit');
      });
    };
  }

  filterOf({ application }: Desk): SessionFilter {
    return { account: this.account, from: BASE - DAY, to: BASE + 60 * DAY, applications: [application] };
  }

  /** The report as it is, and as it would be if nothing had ever been kept. */
  async expectSwept(filter: SessionFilter): Promise<void> {
    await this.onClient(async (client) => {
      await client.query('begin');
      const as = await report(client, filter);
      await client.query(`update session set (${KEPT}) = (null, null, null)`);
      const swept = await report(client, filter);
      await client.query('rollback');
      deepStrictEqual(as, swept);
    });
  }

  async keptOf({ agent }: Desk): Promise<KeptRow[]> {
    const { rows } = await this.database.pool.query<KeptRow>(
      `select id, json_build_array(${KEPT}) as times from session where agent_id = $1 order by id`,
      [agent],
    );
    return rows;
  }

  /** What the segments of a session add up to since it began, by code that is not the report's. */
  async countedOf({ agent }: Desk, session: string): Promise<number[]> {
    const { rows } = await this.database.pool.query<{ started: Date; ended: Date; state: number }>(
      `select started, ended, state from segment g where agent_id = $1 and session_id = $2 and started >= (
       select started - interval '1 second' from session s where s.agent_id = g.agent_id and s.id = g.session_id)
     union all select started, ended, state from open_stretch where agent_id = $1 and session_id = $2`,
      [agent, session],
    );
    const line = mergeDocuments(rows.map((row): StateSpan => ({ ...row, ...inMs(row) })));
    return [1, 2, 3].map((state) =>
      line.reduce((ms, span) => (span.state === state ? ms + span.ended - span.started : ms), 0),
    );
  }
  /** @returns how many are kept */
  async expectKeptAreCounted(of: Desk): Promise<number> {
    const kept = (await this.keptOf(of)).filter(({ times }) => times[0] !== null);
    for (const { id, times } of kept) deepStrictEqual([id, times], [id, await this.countedOf(of, id)]);
    return kept.length;
  }
}

const inMs = ({ started, ended }: { started: Date; ended: Date }): { started: number; ended: number } => ({
  started: started.getTime(),
  ended: ended.getTime(),
});

export async function report(client: PoolClient, filter: SessionFilter): Promise<unknown[]> {
  const lists = [];
  for (const sort of ORDERS) lists.push(await listSessions(client, filter, { sort, limit: 50, offset: 0 }));
  return [await sumSessions(client, filter), ...lists];
}

/** A segment of a document that the desktop once had, from another life of the agent: it overlaps what is there. */
export function lateSegment(
  { application }: Desk,
  late: { seq: number; id: number; minute: number; state: number },
): News {
  const id = (n: number): string => n.toString(16).padStart(16, '0');
  const segment: AgentRecord = {
    kind: 'segment',
    seq: late.seq,
    // The first id a desktop gives is of its first session, the second of the first document in it.
    session: id(late.id),
    document: id(late.id + 1),
    application,
    started: BASE + late.minute * MINUTE,
    ended: BASE + (late.minute + 20) * MINUTE,
    state: late.state,
    cause: 2,
    flags: 0,
  };
  return { records: [segment], open: null };
}

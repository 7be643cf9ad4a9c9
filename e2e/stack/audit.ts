import type { Pool } from 'pg';

/** What an outbox gave out. */
export interface Given {
  agent: string;
  epoch: number;
  last: number;
}

export interface Findings {
  segments: number;
  doubledSegments: number;
  /** Holes in the sequences of all agents. */
  sequenceGaps: number;
  gapRecords: number;
  deadLetters: number;
  dirtyKeys: number;
  /** Documents whose segments do not cover their life exactly, without hole and overlap. */
  brokenTilings: number;
  /** Sum over applications, quarters and states of |roll-up − rows|, ms; applications with overlapping documents left out. */
  rollupDifference: number;
  openSessions: number;
  desktopDocuments: number;
}

/** What an audit finds when nothing was lost, nothing is there twice, and nothing is left to do. */
export const NOTHING_LOST = {
  doubledSegments: 0,
  sequenceGaps: 0,
  gapRecords: 0,
  deadLetters: 0,
  dirtyKeys: 0,
  brokenTilings: 0,
  rollupDifference: 0,
  openSessions: 0,
} satisfies Partial<Findings>;

const QUARTER = `interval '15 minutes'`;

/** Holds the database against what was given out; nothing of the product's own code is asked. */
export class Audit {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** What is still on its way, in words; empty when all that was given out is seen and rolled up. */
  async behind(outboxes: readonly Given[]): Promise<string[]> {
    const waiting: string[] = [];
    for (const { agent, epoch, last } of outboxes) {
      const { rows } = await this.#pool.query<{ seen: string }>(
        `select r.seen::text as seen from agent_range r join agent a on a.id = r.agent_id
         where a.external_id = $1 and r.epoch = $2`,
        [agent, epoch],
      );
      const seen = rows[0]?.seen ?? 'nothing';
      if (seen !== `{[1,${last + 1})}`) waiting.push(`${agent} gave out ${last}, seen ${seen}`);
    }
    const dirty = await this.#one('select count(*) as n from dirty_log');
    return dirty === 0 ? waiting : [...waiting, `${dirty} dirty quarters`];
  }

  async read(): Promise<Findings> {
    return {
      segments: await this.#one('select count(*) as n from segment'),
      doubledSegments: await this.#one(
        'select count(*) - count(distinct (agent_id, epoch, seq)) as n from segment',
      ),
      sequenceGaps: await this.#one(
        `select count(*) as n from agent_range, unnest(seen) part where lower(part) <> 1`,
      ),
      gapRecords: await this.#one('select count(*) as n from record_gap'),
      deadLetters: await this.#one('select count(*) as n from dead_letter'),
      dirtyKeys: await this.#one('select count(*) as n from dirty_log'),
      brokenTilings: await this.#joined(TILING),
      rollupDifference: await this.#joined(ROLLUP_DIFFERENCE),
      openSessions: await this.#one('select count(*) as n from session where ended is null'),
      desktopDocuments: await this.#one(
        `select count(*) as n from document d join session s on s.agent_id = d.agent_id and s.id = d.session_id
         where s.computer <> 'load'`,
      ),
    };
  }

  /** Documents of the load whose end came, but which have not exactly their ten segments of seven seconds. */
  incompleteLoadDocuments(): Promise<number> {
    return this.#joined(`
      select count(*) as n from (
        select d.id from document d join session s on s.agent_id = d.agent_id and s.id = d.session_id
          left join segment g on g.agent_id = d.agent_id and g.document_id = d.id and g.session_id = s.id
        where s.computer = 'load' and d.closed is not null
        group by d.agent_id, d.id
        having count(g.seq) <> 10 or sum(extract(epoch from g.ended - g.started)) <> 70
      ) wrong`);
  }

  /** Over rows that the planner may know nothing of yet: after a crash it would join each with each. */
  async #joined(sql: string): Promise<number> {
    await this.#pool.query('analyze session, document, segment');
    return this.#one(sql);
  }

  async #one(sql: string, parameters: readonly unknown[] = []): Promise<number> {
    const { rows } = await this.#pool.query<{ n: string | null }>(sql, [...parameters]);
    return Number(rows[0]?.n ?? 0);
  }
}

const TILING = `
  with life as (
    select agent_id, session_id, id as document_id, opened, closed from document where closed is not null
  ), part as (
    select l.*, g.started, g.ended,
      lag(g.ended, 1, l.opened) over (partition by l.agent_id, l.document_id order by g.started, g.ended) as before,
      max(g.ended) over (partition by l.agent_id, l.document_id) as last
    from life l left join segment g
      on g.agent_id = l.agent_id and g.session_id = l.session_id and g.document_id = l.document_id
  )
  select count(distinct (agent_id, document_id)) as n from part
  where closed > opened and (started is null or started <> before or last <> closed)`;

/** Time by quarter and state straight from the rows, session by session: where documents of one session overlap it differs. */
const ROLLUP_DIFFERENCE = `
  with bound as (
    select g.application_id, g.state, q,
      extract(epoch from least(g.ended, q + ${QUARTER}) - greatest(g.started, q)) * 1000 as ms
    from segment g, generate_series(date_bin(${QUARTER}, g.started, 'epoch'), g.ended, ${QUARTER}) q
    where g.ended > q
  ), rows as (
    select application_id, q, sum(ms) filter (where state = 1) as a, sum(ms) filter (where state = 2) as i,
      sum(ms) filter (where state = 3) as t
    from bound group by 1, 2
  )
  select sum(abs(coalesce(a, 0) - coalesce(ms_active, 0)) + abs(coalesce(i, 0) - coalesce(ms_inactive, 0))
    + abs(coalesce(t, 0) - coalesce(ms_timeout, 0))) as n
  from rows full join rollup_quarter r using (application_id, q)`;

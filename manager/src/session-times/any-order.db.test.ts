import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Step } from '../testing/sample-agent.ts';
import {
  BASE,
  lateSegment,
  MINUTE,
  TimesLab,
  type Desk,
  type News,
  type Send,
} from '../testing/times-lab.ts';

let lab: TimesLab;
beforeAll(async () => {
  lab = await TimesLab.open(inject('postgresUrl'));
});
afterAll(() => lab.database.drop());

const step: fc.Arbitrary<Step> = fc.record({
  minutes: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) },
    fc.integer({ min: 400, max: 470 }),
  ),
  document: fc.constantFrom(0, 0, 1, 2),
  act: fc.constantFrom<Step['act']>('close', 'close', 1, 2, 3),
  hold: fc.boolean(),
  send: fc.constantFrom<Step['send']>('nothing', 'records', 'records and snapshot', 'records and snapshot'),
});
const replayed = fc.constantFrom(false, false, false, true);
const happening = fc.oneof(
  // Of what is sent, the first records may be on the way for longer than the rest.
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      step,
      replayed,
      behind: fc.constantFrom(0, 0, 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('come' as const), replayed }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('keep' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('late' as const),
      nth: fc.nat({ max: 7 }),
      minute: fc.integer({ min: 0, max: 60 }),
      state: fc.integer({ min: 1, max: 3 }),
      replayed,
    }),
  },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** One story, as it happens to one desk. */
class Story {
  readonly #of: Desk;
  readonly #ways: { ingest: Send; replay: Send };
  #behind: News[] = [];
  #late = 0;

  constructor(of: Desk) {
    this.#of = of;
    this.#ways = { ingest: lab.byIngest(of), replay: lab.byReplay(of) };
  }

  async goOn(what: Happening): Promise<void> {
    if (what.kind === 'keep') await lab.keepAll();
    else if (what.kind === 'close') await lab.close();
    else if (what.kind === 'step') await this.#step(what);
    else if (what.kind === 'come') await this.come(this.#by(what));
    else await this.#addLate(what);
  }

  /** What was behind comes. */
  async come(send = this.#ways.ingest): Promise<void> {
    for (const news of this.#behind) await send(news);
    this.#behind = [];
  }

  #by(what: { replayed: boolean }): Send {
    return what.replayed ? this.#ways.replay : this.#ways.ingest;
  }

  async #step(what: Extract<Happening, { kind: 'step' }>): Promise<void> {
    const news = this.#of.desktop.take(what.step);
    if (news === null) return;
    const records = news.records.slice(what.behind);
    if (records.length === news.records.length || records.length === 0) return this.#by(what)(news);
    this.#behind.push({ records: news.records.slice(0, what.behind), open: news.open });
    return this.#by(what)({ records, open: null });
  }

  async #addLate(what: Extract<Happening, { kind: 'late' }>): Promise<void> {
    const { rows } = await lab.database.pool.query<{ id: string; started: Date }>(
      'select id, started from session where agent_id = $1 order by id',
      [this.#of.agent],
    );
    const session = rows[what.nth % rows.length];
    if (session === undefined) return;
    this.#late += 1;
    const minute = what.minute + (session.started.getTime() - BASE) / MINUTE;
    const late = { seq: this.#late, id: Number(session.id), minute, state: what.state };
    await this.#by(what)(lateSegment(this.#of, late), 8);
  }
}

test('however records, ends, late segments, replays, closings and computing meet: the report is that of a sweep', async () => {
  let [kept, forgotten] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 12, maxLength: 30 }), async (happenings) => {
      const of = await lab.desk();
      const story = new Story(of);
      let before = 0;
      for (const what of happenings) {
        await story.goOn(what);
        const now = await lab.expectKeptAreCounted(of);
        forgotten += Math.max(0, before - now);
        before = now;
        await lab.expectSwept(lab.filterOf(of));
      }
      await story.come();
      await lab.byIngest(of)(of.desktop.last());
      await lab.expectSwept(lab.filterOf(of));
      await lab.keepAll();
      await lab.expectSwept(lab.filterOf(of));
      kept += await lab.expectKeptAreCounted(of);
      // Whatever is over is known in the end.
      const { rowCount } = await lab.database.pool.query(
        `select from session s where agent_id = $1 and ended is not null and kept_active_ms is null and not exists
           (select from open_document d where d.agent_id = s.agent_id and d.session_id = s.id)`,
        [of.agent],
      );
      expect(rowCount).toBe(0);
    }),
    { numRuns: 20, endOnFailure: true },
  );
  // The property is about something.
  expect(kept).toBeGreaterThan(5);
  expect(forgotten).toBeGreaterThan(2);
  expect((await lab.database.pool.query('select from dead_letter')).rowCount).toBe(0);
}, 90_000);

import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { Tracker, type Outbox, type RecordDraft } from '@process-meter/agent';
import { CAUSE, type AgentApplication } from '@process-meter/contract';
import { seededRandom } from '../stack/seeded.ts';

type Sample = Parameters<Tracker['apply']>[0];
type SegmentDraft = Extract<RecordDraft, { kind: 'segment' }>;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const STEP_MS = 10 * SECOND;

/**
 * A desktop on a virtual clock: the real state machine and the real outbox under days of work from 8 to 17 UTC. Somebody
 * types for minutes, pauses for minutes, opens another document every hour; at night the computer sleeps.
 */
export class SimulatedDesk {
  readonly tracker: Tracker;
  /** All that was recorded, in order. */
  readonly drafts: RecordDraft[] = [];
  /** The virtual clock, ms UTC. */
  now: number;
  readonly #outbox: () => Outbox;
  readonly #random: () => number;
  readonly #application: AgentApplication;
  readonly #boot: string;
  #unsaved: RecordDraft[] = [];
  #lastInput: number;
  #until = 0;
  #typing = false;

  constructor(of: { agent: string; application: number; from: number; seed: number; outbox: () => Outbox }) {
    this.now = of.from;
    this.#lastInput = of.from;
    this.#outbox = of.outbox;
    this.#random = seededRandom(of.seed);
    this.#boot = `boot-${of.seed}`;
    this.#application = {
      id: of.application,
      slug: 'simulated',
      name: 'Simulated',
      rules: [{ executable: 'simulated' }],
      inactiveAfterMs: MINUTE,
      timeoutAfterMs: 5 * MINUTE,
      countBusyAsActive: false,
      busyCpuShare: 0.4,
      titlePrivacy: 'keep',
      pathPrivacy: 'keep',
    };
    this.tracker = new Tracker(
      { agent: of.agent, user: 'ida', computer: `desk-${of.seed}`, desktop: () => ':0' },
      null,
    );
  }

  get segments(): SegmentDraft[] {
    return this.drafts.filter((draft) => draft.kind === 'segment');
  }

  async work(days: number): Promise<void> {
    this.#apply({ kind: 'config', at: this.now, revision: 1, applications: [this.#application] });
    for (let day = 0; day < days; day += 1) {
      const midnight = this.now;
      this.now = midnight + 8 * HOUR;
      while (this.now < midnight + 17 * HOUR) this.#step(Math.floor((this.now - midnight) / HOUR), day);
      this.#apply({ kind: 'interruption', cause: CAUSE.suspended });
      this.#save();
      this.now = midnight + DAY;
      // What else runs in this process, such as an uplink that finds no server, gets its turn.
      await yieldToOthers();
    }
    this.#apply({ kind: 'stop' });
    this.#save();
  }

  #step(hour: number, day: number): void {
    if (this.now >= this.#until) {
      this.#typing = !this.#typing;
      this.#until = this.now + (this.#typing ? 2 + 10 * this.#random() : 0.5 + 8 * this.#random()) * MINUTE;
    }
    if (this.#typing) this.#lastInput = this.now;
    this.#apply({ kind: 'tick', at: this.now, lastInput: this.#lastInput, busy: new Set() });
    const key = `file:${day}-${hour}`;
    const session = `${this.#boot}/${day}`;
    this.#apply({
      kind: 'desktop',
      at: this.now,
      sessions: [
        {
          key: session,
          application: this.#application.id,
          pid: 7,
          executable: '/usr/bin/simulated',
          since: this.now,
          documents: [
            {
              key,
              name: `report-${day}-${hour}`,
              path: '',
              source: 'file',
              confidence: 100,
              since: this.now,
            },
          ],
        },
      ],
      focus: { session, document: key },
    });
    this.now += STEP_MS;
  }

  #apply(sample: Sample): void {
    const drafts = this.tracker.apply(sample);
    this.drafts.push(...drafts);
    this.#unsaved.push(...drafts);
    if (this.#unsaved.length >= 20) this.#save();
  }

  #save(): void {
    this.#outbox().commit(this.#unsaved, JSON.stringify(this.tracker.checkpoint()), this.now);
    this.#unsaved = [];
  }
}

const QUARTER_MS = 15 * MINUTE;
export interface Quarter {
  /** Instant of its beginning, ms UTC. */
  q: number;
  active: number;
  inactive: number;
  timeout: number;
  peak: number;
}

/** Time by state and the peak of each quarter-hour, computed the plain way. */
export function quartersOf(segments: readonly SegmentDraft[]): Quarter[] {
  const quarters = new Map<number, { ms: [number, number, number]; edges: [at: number, step: number][] }>();
  for (const { started, ended, state } of segments) {
    for (let q = Math.floor(started / QUARTER_MS) * QUARTER_MS; q < ended; q += QUARTER_MS) {
      const quarter = quarters.get(q) ?? { ms: [0, 0, 0], edges: [] };
      quarters.set(q, quarter);
      const [from, to] = [Math.max(q, started), Math.min(q + QUARTER_MS, ended)];
      quarter.ms[state - 1] = (quarter.ms[state - 1] ?? 0) + to - from;
      if (to > from) quarter.edges.push([from, 1], [to, -1]);
    }
  }
  return [...quarters]
    .map(
      ([
        q,
        {
          ms: [active, inactive, timeout],
          edges,
        },
      ]) => ({ q, active, inactive, timeout, peak: peakOf(edges) }),
    )
    .toSorted((a, b) => a.q - b.q);
}

function peakOf(edges: readonly (readonly [at: number, step: number])[]): number {
  let open = 0;
  let peak = 0;
  // At one instant ends come before beginnings.
  for (const [, step] of edges.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    open += step;
    peak = Math.max(peak, open);
  }
  return peak;
}

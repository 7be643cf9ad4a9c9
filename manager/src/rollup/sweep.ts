import { encodeMinutes, encodeMinuteTimes } from './minutes.ts';
import { MINUTE_MS, MINUTES_PER_QUARTER, QUARTER_MS, quarterOf, quarterStart } from './quarter.ts';
import type { StateSpan, UseBuffer } from './use-buffer.ts';

/** Exact use of one application in one quarter-hour. Peaks are the largest number at one instant in it. */
export interface QuarterUse {
  quarter: number;
  msActive: number;
  msInactive: number;
  msTimeout: number;
  peakOpen: number;
  peakActive: number;
  peakInactive: number;
  peakTimeout: number;
  /** First instant (ms UTC) of the peak, and how long it lasted without a break inside the quarter (ms). */
  peakAt: number;
  peakMs: number;
  /** Distinct sessions open at any instant of it, and sessions that began in it. */
  sessions: number;
  starts: number;
  /** See `encodeMinutes`. */
  minutes: Buffer;
  /** See `encodeMinuteTimes`. */
  minuteMs: Buffer;
}

const STATES = [1, 2, 3] as const;

class Quarter {
  readonly ms = [0, 0, 0, 0];
  readonly peaks = [0, 0, 0, 0];
  readonly minutes = new Uint32Array(3 * MINUTES_PER_QUARTER);
  readonly minuteMs = new Float64Array(3 * MINUTES_PER_QUARTER);
  peakOpen = 0;
  peakAt = 0;
  peakEnd = 0;
  sessions = 0;
  starts = 0;

  /** A span of constant counts inside this quarter. */
  add(counts: readonly number[], open: number, from: number, to: number): void {
    for (const state of STATES) {
      const count = counts[state] ?? 0;
      this.ms[state] = (this.ms[state] ?? 0) + count * (to - from);
      if (count > (this.peaks[state] ?? 0)) this.peaks[state] = count;
      if (count > 0) this.#addMinutes(state, count, { from, to });
    }
    if (open > this.peakOpen) {
      this.peakOpen = open;
      this.peakAt = from;
      this.peakEnd = to;
    } else if (open === this.peakOpen && this.peakEnd === from) {
      this.peakEnd = to;
    }
  }

  #addMinutes(state: number, count: number, { from, to }: { from: number; to: number }): void {
    for (let at = from; at < to;) {
      const minute = Math.floor(at / MINUTE_MS);
      const end = Math.min(to, (minute + 1) * MINUTE_MS);
      const index = (state - 1) * MINUTES_PER_QUARTER + (minute % MINUTES_PER_QUARTER);
      this.minuteMs[index] = (this.minuteMs[index] ?? 0) + count * (end - at);
      at = end;
    }
  }
}

/**
 * Exact roll-up of the quarters `first` … `last` from all segments that overlap them (ingest.md §14).
 * Costs O(n log n) in segments plus O(minutes) a session.
 * @returns the quarters in which something was open, in order
 */
export function sweepQuarters(use: UseBuffer, first: number, last: number): QuarterUse[] {
  const quarters = new Quarters(first);
  const range = { from: quarterStart(first), to: quarterStart(last + 1) };
  const events: number[] = [];
  for (const spans of use.sessions()) {
    const clipped = clip(spans, range);
    countSession(clipped, quarters);
    for (const span of clipped)
      events.push(eventOf(span.started, span.state, 1), eventOf(span.ended, span.state, 0));
  }
  sweepEvents(events, range.from, quarters);
  for (const start of use.starts) {
    if (start >= range.from && start < range.to) quarters.at(quarterOf(start)).starts += 1;
  }
  return quarters.used();
}

/** The quarters of a run that something was found in. */
class Quarters {
  readonly #first: number;
  readonly #found: Quarter[] = [];

  constructor(first: number) {
    this.#first = first;
  }

  at(number: number): Quarter {
    const known = this.#found[number - this.#first];
    if (known !== undefined) return known;
    const made = new Quarter();
    this.#found[number - this.#first] = made;
    return made;
  }

  used(): QuarterUse[] {
    const uses: QuarterUse[] = [];
    this.#found.forEach((quarter, i) => {
      if (quarter.peakOpen > 0) uses.push(useOf(this.#first + i, quarter));
    });
    return uses;
  }
}

function clip(spans: readonly StateSpan[], { from, to }: { from: number; to: number }): readonly StateSpan[] {
  const [first, last] = [spans[0], spans.at(-1)];
  if (first === undefined || last === undefined || (first.started >= from && last.ended <= to)) return spans;
  return spans
    .map((span) => ({ ...span, started: Math.max(span.started, from), ended: Math.min(span.ended, to) }))
    .filter((span) => span.ended > span.started);
}

/** One number per change, so that a typed array sorts them fast: time, then state and direction in the low digit. */
const eventOf = (at: number, state: number, opens: 0 | 1): number => at * 8 + state * 2 + opens;

function sweepEvents(list: readonly number[], from: number, quarters: Quarters): void {
  const events = new Float64Array(list).sort();
  const counts = [0, 0, 0, 0];
  let open = 0;
  let since = from;
  for (const event of events) {
    const time = Math.floor(event / 8);
    if (time > since && open > 0) spread(counts, open, { from: since, to: time }, quarters);
    since = time;
    const low = event - time * 8;
    const state = low >> 1;
    const by = (low & 1) === 1 ? 1 : -1;
    counts[state] = (counts[state] ?? 0) + by;
    open += by;
  }
}

function spread(
  counts: readonly number[],
  open: number,
  span: { from: number; to: number },
  quarters: Quarters,
): void {
  for (let from = span.from; from < span.to;) {
    const quarter = quarterOf(from);
    const to = Math.min(span.to, quarterStart(quarter + 1));
    quarters.at(quarter).add(counts, open, from, to);
    from = to;
  }
}

/** Counts the session once in each of its quarters, and once in each of its minutes under its most active state there. */
function countSession(spans: readonly StateSpan[], quarters: Quarters): void {
  let quarter = Number.NEGATIVE_INFINITY;
  let minute = Number.NEGATIVE_INFINITY;
  let best = 0;
  const settle = (): void => {
    if (best > 0) countMinute(quarters, minute, best);
  };
  for (const span of spans) {
    const lastMinute = Math.floor((span.ended - 1) / MINUTE_MS);
    for (let m = Math.floor(span.started / MINUTE_MS); m <= lastMinute; m += 1) {
      if (m === minute) {
        best = Math.min(best, span.state);
      } else {
        settle();
        minute = m;
        best = span.state;
      }
      const q = Math.floor((m * MINUTE_MS) / QUARTER_MS);
      if (q !== quarter) quarters.at(q).sessions += 1;
      quarter = q;
    }
  }
  settle();
}

function countMinute(quarters: Quarters, minute: number, state: number): void {
  const quarter = Math.floor((minute * MINUTE_MS) / QUARTER_MS);
  const index = (state - 1) * MINUTES_PER_QUARTER + (minute - quarter * MINUTES_PER_QUARTER);
  const { minutes } = quarters.at(quarter);
  minutes[index] = (minutes[index] ?? 0) + 1;
}

function useOf(number: number, quarter: Quarter): QuarterUse {
  return {
    quarter: number,
    msActive: quarter.ms[1] ?? 0,
    msInactive: quarter.ms[2] ?? 0,
    msTimeout: quarter.ms[3] ?? 0,
    peakOpen: quarter.peakOpen,
    peakActive: quarter.peaks[1] ?? 0,
    peakInactive: quarter.peaks[2] ?? 0,
    peakTimeout: quarter.peaks[3] ?? 0,
    peakAt: quarter.peakAt,
    peakMs: quarter.peakEnd - quarter.peakAt,
    sessions: quarter.sessions,
    starts: quarter.starts,
    minutes: encodeMinutes(quarter.minutes),
    minuteMs: encodeMinuteTimes(quarter.minuteMs),
  };
}

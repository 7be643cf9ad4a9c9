/** A session of one application as license servers count it: one from start to end. */
export interface Life {
  application: number;
  /** ms UTC; the end is exclusive. */
  started: number;
  ended: number;
}

export interface Period {
  from: number;
  to: number;
}

export const HOUR = 3_600_000;

/** Number open at each look, one look every `every` ms from the start of the period. */
export function openAtLooks(lives: readonly Life[], period: Period, every: number): Int32Array {
  const looks = Math.ceil((period.to - period.from) / every);
  const steps = new Int32Array(looks + 1);
  for (const { started, ended } of lives) {
    const first = Math.max(0, Math.ceil((started - period.from) / every));
    const after = Math.min(looks, Math.ceil((ended - period.from) / every));
    if (after <= first) continue;
    steps[first] = (steps[first] ?? 0) + 1;
    steps[after] = (steps[after] ?? 0) - 1;
  }
  let open = 0;
  return steps.subarray(0, looks).map((step) => (open += step));
}

/** The most that the looks of each hour have seen. */
export function sampledPeaks(lives: readonly Life[], period: Period, every: number): Int32Array {
  const open = openAtLooks(lives, period, every);
  const peaks = new Int32Array(Math.ceil((period.to - period.from) / HOUR));
  open.forEach((count, i) => {
    const hour = Math.floor((i * every) / HOUR);
    if (count > (peaks[hour] ?? 0)) peaks[hour] = count;
  });
  return peaks;
}

/** The most that were open at one instant of each hour. Half-open: one that ends as another begins is not open with it. */
export function exactPeaks(lives: readonly Life[], { from, to }: Period): Int32Array {
  const peaks = new Int32Array(Math.ceil((to - from) / HOUR));
  let open = 0;
  let hour = 0;
  for (const { at, by } of changesOf(lives)) {
    for (; hour + 1 < peaks.length && from + (hour + 1) * HOUR <= at; hour += 1) peaks[hour + 1] = open;
    open += by;
    if (at < from) peaks[0] = open;
    if (at < from || at >= to) continue;
    // What ends at the full hour is not open in the hour.
    const isOver = by < 0 && at === from + hour * HOUR;
    peaks[hour] = isOver ? open : Math.max(open, peaks[hour] ?? 0);
  }
  return peaks;
}

/** Starts and ends in order; ends come before starts of the same instant. */
function* changesOf(lives: readonly Life[]): Generator<{ at: number; by: 1 | -1 }> {
  const events = Float64Array.from(
    lives.flatMap(({ started, ended }) => [started * 2 + 1, ended * 2]),
  ).sort();
  for (const event of events) yield { at: Math.floor(event / 2), by: event % 2 === 0 ? -1 : 1 };
}

/** How many lives no look has seen. */
export function unseen(lives: readonly Life[], period: Period, every: number): number {
  return lives.filter(({ started, ended }) => {
    const look = Math.ceil((started - period.from) / every) * every + period.from;
    return look >= ended;
  }).length;
}

/** Sequences seen of one (agent, epoch): ranges [first, last], ordered, apart from each other. */
export type Range = readonly [first: number, last: number];

/** True when the sequence lies in one of the ranges. O(log n). */
export function contains(ranges: readonly Range[], seq: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [first, last] = ranges[middle] ?? [0, -1];
    if (seq < first) high = middle - 1;
    else if (seq > last) low = middle + 1;
    else return true;
  }
  return false;
}

/** The parts of `wanted` that no range covers: what is new. */
export function subtract(wanted: Range, ranges: readonly Range[]): Range[] {
  const fresh: Range[] = [];
  let from = wanted[0];
  for (const [first, last] of ranges) {
    if (last < from) continue;
    if (first > wanted[1]) break;
    if (first > from) fresh.push([from, first - 1]);
    from = Math.max(from, last + 1);
  }
  if (from <= wanted[1]) fresh.push([from, wanted[1]]);
  return fresh;
}

/** The ranges with others added; neighbours are joined. */
export function union(ranges: readonly Range[], added: readonly Range[]): Range[] {
  const ordered = [...ranges, ...added].toSorted((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [first, last] of ordered) {
    const top = joined.at(-1);
    if (top !== undefined && first <= top[1] + 1) top[1] = Math.max(top[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

/** As a PostgreSQL int8multirange literal. */
export function toMultirange(ranges: readonly Range[]): string {
  return `{${ranges.map(([first, last]) => `[${first},${last}]`).join(',')}}`;
}

const BOUNDS = /\[(-?\d+),(-?\d+)\)/g;

/** From PostgreSQL's canonical text, whose upper bounds are exclusive: `{[1,4),[7,9)}`. */
export function fromMultirange(text: string): Range[] {
  return [...text.matchAll(BOUNDS)].map(([, first, end]): Range => [Number(first), Number(end) - 1]);
}

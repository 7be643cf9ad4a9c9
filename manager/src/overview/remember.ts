import { restAfter } from '../live/index.ts';

/** Answers that take less than this are read anew for everyone. */
const QUICK_MS = 2000;
const AT_MOST_MS = 60_000;

interface Remembered<T> {
  answer: Promise<T>;
  /** On the monotonic clock; Infinity while it is being read. */
  until: number;
}

/**
 * Reads an answer once for all who ask for the same key at the same time, and keeps one that took long for a while, so that
 * reading takes a small share of the time however many ask (portal.md §10). A failure is not kept.
 */
export function rememberSlow<A, T>(
  keyOf: (asked: A) => string,
  read: (asked: A) => Promise<T>,
  quickMs = QUICK_MS,
): (asked: A) => Promise<T> {
  const known = new Map<string, Remembered<T>>();
  return (asked) => {
    const key = keyOf(asked);
    const found = known.get(key);
    if (found !== undefined && performance.now() < found.until) return found.answer;
    const began = performance.now();
    const entry: Remembered<T> = { answer: read(asked), until: Infinity };
    known.set(key, entry);
    const forget = (): void => void (known.get(key) === entry && known.delete(key));
    entry.answer.then(() => {
      const took = performance.now() - began;
      if (took < quickMs) forget();
      else entry.until = performance.now() + restAfter(took, { least: 0, most: AT_MOST_MS });
    }, forget);
    return entry.answer;
  };
}

import type { Clock } from '../runtime/clock.ts';

/** A clock that stands still until a test moves it. Wall and monotonic time can part, as they do in life. */
export class FakeClock implements Clock {
  #monotonic = 1_000_000;
  #wall = Date.UTC(2026, 0, 1);
  #timers: { at: number; order: number; fn: () => void }[] = [];
  #order = 0;

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Timers that wait. */
  get timers(): number {
    return this.#timers.length;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#monotonic + Math.max(0, ms), order: (this.#order += 1), fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Moves the wall clock alone. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Moves time; what is due runs in order, each with what follows from it in this process. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    for (;;) {
      await settle();
      const due = this.#timers
        .filter(({ at }) => at <= end)
        .toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#move(due.at);
      this.#timers = this.#timers.filter((one) => one !== due);
      due.fn();
    }
    this.#move(end);
    await settle();
  }

  /** Moves time at once, as if the process had been stopped meanwhile: no timer runs before the next `advance`. */
  freeze(ms: number): void {
    this.#move(this.#monotonic + ms);
  }

  #move(to: number): void {
    const by = Math.max(0, to - this.#monotonic);
    this.#monotonic += by;
    this.#wall += by;
  }
}

/** Lets everything happen that needs neither time nor the network. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** Waits for a condition, in real time. Throws with what was waited for. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 20_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not after ${ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

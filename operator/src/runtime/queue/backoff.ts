export interface BackoffOptions {
  /** First and longest delay, ms. */
  firstMs: number;
  longestMs: number;
  /** Share of the delay that is random, both ways; 0.1 is plus or minus 10 %. */
  jitter: number;
}

/** The delay before another try after `failures` failures (1 the first time): doubling, bounded, jittered. */
export function backoffDelay(failures: number, options: BackoffOptions, random: () => number): number {
  const plain = Math.min(options.longestMs, options.firstMs * 2 ** Math.min(failures - 1, 40));
  return plain * (1 + options.jitter * (2 * random() - 1));
}

/** Counts the failures of one thing. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Notes a failure and answers how long to wait, ms. */
  next(): number {
    this.#failures += 1;
    return backoffDelay(this.#failures, this.#options, this.#random);
  }

  reset(): void {
    this.#failures = 0;
  }
}

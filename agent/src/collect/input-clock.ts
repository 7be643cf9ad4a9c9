/** Two readings of the same input differ by the time a question takes; real inputs this close together are one. */
const SAME_INPUT_MS = 50;

/**
 * When the last input was, from idle times. The same input is asked for again and again, and each answer is late by
 * another amount; it must keep its first instant, or an old input would look like a new one long after Timeout began.
 * So readings are compared on the monotonic clock, and an instant is given only to an input that is new.
 */
export class InputClock {
  #lastMonotonic = Number.NEGATIVE_INFINITY;
  #lastAt = 0;

  /**
   * @param asked readings taken just before the question, so that the answer never lies after the truth: the monotonic
   * clock and the agent's timeline, ms
   * @param idle ms since the last input, as answered
   * @returns instant of the last input on the timeline, ms UTC
   */
  read(asked: { monotonic: number; at: number }, idle: number): number {
    const monotonic = asked.monotonic - idle;
    if (monotonic > this.#lastMonotonic + SAME_INPUT_MS) {
      this.#lastMonotonic = monotonic;
      this.#lastAt = asked.at - idle;
    }
    return this.#lastAt;
  }

  /** The timeline was set anew: the instant of the last input is read again. */
  forget(): void {
    this.#lastMonotonic = Number.NEGATIVE_INFINITY;
  }
}

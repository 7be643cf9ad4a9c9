/**
 * The step of the roll-up: a quarter-hour of UTC, numbered since 1970. Every zone's offset in use is a multiple of it,
 * so hours, days and weeks of any zone are whole sums of quarters (architecture.md).
 */
export const QUARTER_MS = 900_000;
export const MINUTE_MS = 60_000;
export const MINUTES_PER_QUARTER = 15;

/** Number of the quarter an instant (ms UTC) lies in. */
export const quarterOf = (at: number): number => Math.floor(at / QUARTER_MS);
/** First instant (ms UTC) of a quarter. */
export const quarterStart = (quarter: number): number => quarter * QUARTER_MS;

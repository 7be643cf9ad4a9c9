/** One month of the range picker, made on the server. */
export interface Month {
  /** "November 2026". */
  readonly title: string;
  readonly previous: string;
  /** Null where the next month has not begun. */
  readonly next: string | null;
  /** Whole weeks from Monday: also the last days of the month before and the first of the next. */
  readonly days: readonly MonthDay[];
}
export interface MonthDay {
  readonly iso: string;
  readonly day: number;
  /** "Tue 17 Nov 2026, not complete". */
  readonly name: string;
  readonly other: boolean;
  readonly incomplete: boolean;
  readonly future: boolean;
}

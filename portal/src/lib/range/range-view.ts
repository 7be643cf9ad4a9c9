import type { Preset } from './range.ts';

/** A range as the range picker shows it. */
export interface RangeView {
  readonly preset: Preset | null;
  /** "11 Nov to 17 Nov 2026". */
  readonly words: string;
  /** The whole days it touches and the day it is, as the fields of a form take them: `2026-11-17`. */
  readonly first: string;
  readonly last: string;
  readonly today: string;
}

import type { Pool } from 'pg';
import type { RawQuery } from './raw-sql.ts';

/** Something that is asked of the HTTP API and, where there is one, the same question as SQL over the segments. */
export interface Question {
  name: string;
  /** Below the API. */
  path: string;
  /** p95 that is aimed at, ms. */
  aim: number;
  raw?: {
    query: RawQuery;
    /** @returns the first difference, or undefined when both say the same */
    difference: (body: string, rows: readonly Record<string, unknown>[]) => string | undefined;
  };
}

/** What questions are made for. */
export interface Subject {
  pool: Pool;
  account: number;
  /** The most used application, and one of the middle. */
  largest: { id: number; slug: string };
  typical: { id: number; slug: string };
  user: string;
  computer: string;
  /** Midnights UTC. */
  from: number;
  to: number;
}

export const DAY = 86_400_000;
export const ROLLED_UP_MS = 20;
export const FILTERED_MS = 100;
export const iso = (at: number): string => new Date(at).toISOString();

import type { Pool } from 'pg';
import { quantile } from '../stats.ts';
import type { Ask } from './client.ts';
import type { Question } from './question.ts';

export interface Measured {
  question: Question;
  /** Sorted, ms. */
  api: number[];
  raw: number[];
}

const REPETITIONS = 20;
/** What takes seconds is repeated until so much time is spent, but at least twice. */
const SPEND_MS = 5000;
const WARM_UP = 2;

/**
 * Asks the API and the segments in turn, so that both meet the same machine.
 * @throws when they do not say the same
 */
export async function measure(deps: { ask: Ask; pool: Pool }, question: Question): Promise<Measured> {
  const { ask, pool } = deps;
  const { raw } = question;
  const raced = { api: [] as number[], raw: [] as number[] };
  for (let i = 0; i < WARM_UP; i += 1) await ask(question.path);
  for (let i = 0; i < REPETITIONS; i += 1) {
    if (goesOn(raced.api)) raced.api.push((await ask(question.path)).ms);
    if (raw !== undefined && goesOn(raced.raw)) {
      const began = performance.now();
      await pool.query(raw.query.sql, raw.query.parameters);
      raced.raw.push(performance.now() - began);
    }
  }
  if (raw !== undefined) {
    const { rows } = await pool.query<Record<string, unknown>>(raw.query.sql, raw.query.parameters);
    const difference = raw.difference((await ask(question.path)).body, rows);
    if (difference !== undefined) throw new Error(`${question.name}: ${difference}`);
  }
  const sorted = (values: number[]): number[] => values.toSorted((a, b) => a - b);
  return { question, api: sorted(raced.api), raw: sorted(raced.raw) };
}

function goesOn(values: readonly number[]): boolean {
  return values.length < 2 || values.reduce((sum, ms) => sum + ms, 0) < SPEND_MS;
}

export const HEAD = [
  'report',
  'n',
  'p50 ms',
  'p95 ms',
  'aim p95',
  'raw SQL p50 ms',
  'raw ÷ report',
  'same answer',
];

/** One row of the table for {@link HEAD}. */
export function rowOf({ question, api, raw }: Measured): string[] {
  const [p50, p95, rawP50] = [quantile(api, 0.5), quantile(api, 0.95), quantile(raw, 0.5)];
  const isChecked = question.raw !== undefined;
  return [
    question.name,
    String(api.length),
    figure(p50),
    figure(p95),
    p95 <= question.aim ? `< ${question.aim}` : `**> ${question.aim}**`,
    isChecked ? figure(rawP50) : '',
    isChecked ? figure(rawP50 / p50) : '',
    isChecked ? 'yes' : '',
  ];
}

export const figure = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

import type { Pool } from 'pg';
import type { MadeData } from '../generate/generate.ts';
import type { Subject } from './question.ts';

/** The largest application and one of the middle; a user of the middle one. */
export async function subjectOf(pool: Pool, data: MadeData): Promise<Subject> {
  const { applications, account, from, to } = data;
  const largest = applications[0];
  const typical = applications[Math.min(49, Math.floor(applications.length / 2))];
  if (largest === undefined || typical === undefined) throw new Error('no application was made');
  const { rows } = await pool.query<{ user_name: string; computer: string }>(
    `select user_name, computer from session where application_id = $1 order by started desc limit 1`,
    [typical.id],
  );
  return {
    pool,
    account,
    from,
    to,
    largest,
    typical,
    user: rows[0]?.user_name ?? '',
    computer: rows[0]?.computer ?? '',
  };
}

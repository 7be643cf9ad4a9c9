import type { Pool } from 'pg';
import { applicationShares, usersFor, type DataSize } from './size.ts';
import type { Random } from './random.ts';

export interface Person {
  agent: number;
  userName: string;
  computer: string;
  /** Start of the working day after midnight UTC, ms; may be negative. */
  workBegins: number;
  /** Next sequence of the agent's records. */
  seq: number;
}

export interface MadeApplication {
  id: number;
  slug: string;
  /** Share of all sessions. */
  share: number;
}

const HOUR = 3_600_000;
/** Half past eight in Berlin, New York, Kolkata and Sydney, and how many work there. */
const PLACES = [
  { share: 0.45, workBegins: 6.5 * HOUR },
  { share: 0.3, workBegins: 12.5 * HOUR },
  { share: 0.15, workBegins: 3 * HOUR },
  { share: 0.1, workBegins: -2.5 * HOUR },
] as const;

export async function addApplications(
  pool: Pool,
  account: number,
  count: number,
): Promise<MadeApplication[]> {
  const shares = applicationShares(count);
  const { rows } = await pool.query<{ id: number; slug: string }>(
    `insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     select $1, 'app-' || lpad(n::text, 3, '0'), 'Application ' || n, jsonb_build_array(jsonb_build_object('executable',
       'app-' || n)), 300000, 600000, false, 0.5, 'keep', 'keep', 1 from generate_series(1, $2::int) n
     returning id, slug`,
    [account, count],
  );
  const ordered = rows.toSorted((a, b) => a.slug.localeCompare(b.slug));
  return ordered.map((row, i) => ({ ...row, share: shares[i] ?? 0 }));
}

export async function addPeople(
  pool: Pool,
  account: number,
  size: DataSize,
  random: Random,
): Promise<Person[]> {
  const count = usersFor(size);
  const { rows } = await pool.query<{ id: number; user_name: string; computer: string }>(
    `insert into agent (external_id, account_id, public_key, computer, machine, user_name, desktop, platform, version,
       enrolled_at, last_seen_at, phase, applied_revision)
     select translate(lpad(to_hex(n * 7919::bigint + 1000003), 12, 'a'), '0189', 'klmn'), $1, 'bench-' || n,
       'ws-' || lpad(n::text, 5, '0'), 'm-' || n, 'user' || lpad(n::text, 5, '0'), ':0', 'linux', '1.0.0',
       now() - interval '1 year', now(), 'leaving', 1 from generate_series(1, $2::int) n
     returning id, user_name, computer`,
    [account, count],
  );
  return rows.map((row) => ({
    agent: row.id,
    userName: row.user_name,
    computer: row.computer,
    workBegins: placeOf(random.unit()),
    seq: 1,
  }));
}

function placeOf(unit: number): number {
  let at = unit;
  return (PLACES.find(({ share }) => (at -= share) < 0) ?? PLACES[0]).workBegins;
}

/** A function that draws the index of an application by its share. */
export function drawBy(applications: readonly MadeApplication[], random: Random): () => number {
  let sum = 0;
  const upTo = Float64Array.from(applications, ({ share }) => (sum += share));
  return () => {
    const at = random.unit();
    let [low, high] = [0, upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? 1) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

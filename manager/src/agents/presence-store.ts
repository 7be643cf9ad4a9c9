import type { Presence } from '@process-meter/contract';
import { sql } from 'kysely';
import type { Db } from '../db/index.ts';

/** The last that was heard of an agent. `at` is the Manager's clock: an agent's own may be wrong. */
export interface Seen {
  account: string;
  at: number;
  presence: Presence;
  /** Another agent with the same key was alive at the same time. */
  cloned: boolean;
}

/** One statement for all. A revoked agent is not heard any more; an older word never overwrites a newer. */
export async function savePresences(db: Db, seen: readonly Seen[]): Promise<void> {
  const column = <T>(pick: (entry: Seen) => T): T[] => seen.map(pick);
  const instant = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
  await sql`
    update agent a set last_seen_at = p.at, phase = p.phase, version = p.version,
      applied_revision = p.applied, waiting = p.waiting, oldest_waiting = p.oldest,
      trouble = p.trouble, cloned_at = case when p.cloned then p.at else a.cloned_at end
    from unnest(
      ${column((s) => s.presence.agent)}::text[], ${column((s) => s.account)}::text[],
      ${column((s) => new Date(s.at))}::timestamptz[], ${column((s) => s.presence.phase)}::text[],
      ${column((s) => s.presence.version)}::text[], ${column((s) => s.presence.appliedRevision)}::int[],
      ${column((s) => clampInt(s.presence.waiting))}::int[],
      ${column((s) => instant(s.presence.oldestWaiting))}::timestamptz[],
      ${column((s) => s.presence.trouble?.replaceAll('\0', '') ?? '')}::text[],
      ${column((s) => s.cloned)}::bool[]
    ) as p(agent, account, at, phase, version, applied, waiting, oldest, trouble, cloned)
    join account c on c.slug = p.account
    where a.external_id = p.agent and a.account_id = c.id and a.revoked_at is null
      and (a.last_seen_at is null or a.last_seen_at <= p.at)`.execute(db);
}

const clampInt = (value: number): number => Math.min(value, 2_147_483_647);

import type { Agent, AgentList } from '@process-meter/contract';

export type AgentStatus = keyof AgentList['counts'];

const PRESENCE_EVERY_MS = 30_000;
const CONNECTED_MS = 3 * PRESENCE_EVERY_MS;
const SILENT_MS = 24 * 3_600_000;

export interface Heard {
  revokedAt: number | null;
  lastSeen: number | null;
  phase: 'never' | 'running' | 'leaving';
}

/** How an agent stands at an instant, from the last that was heard of it. */
export function agentStatus({ revokedAt, lastSeen, phase }: Heard, now: number): AgentStatus {
  if (revokedAt !== null) return 'revoked';
  if (lastSeen === null) return 'neverSeen';
  if (phase === 'running' && now - lastSeen <= CONNECTED_MS) return 'connected';
  return now - lastSeen > SILENT_MS ? 'silent' : 'away';
}

/** The same in SQL, of a row `a` of `agent`; `now` is the place of the instant's parameter. */
export const statusSql = (now: string): string => `
  case when a.revoked_at is not null then 'revoked'
    when a.last_seen_at is null then 'neverSeen'
    when a.phase = 'running' and a.last_seen_at >= ${now}::timestamptz - interval '${CONNECTED_MS} milliseconds'
      then 'connected'
    when a.last_seen_at < ${now}::timestamptz - interval '${SILENT_MS} milliseconds' then 'silent'
    else 'away' end`;

export function countStatuses(statuses: readonly AgentStatus[]): AgentList['counts'] {
  const counts = { connected: 0, away: 0, silent: 0, revoked: 0, neverSeen: 0 };
  for (const status of statuses) counts[status] += 1;
  return counts;
}

const CLONE_SHOWN_MS = 86_400_000;
const CLONED =
  'Two agents are alive with the key of this one, as after a computer or a state folder was copied. Both are counted, ' +
  'under one name. Enrol one of them anew.';

/** What can be measured, with what is wrong now before the reasons that last. */
export function withTrouble(
  capability: Agent['capability'],
  { trouble, clonedAt }: { trouble: string; clonedAt: number | null },
  now: number,
): Agent['capability'] {
  if (capability === null) return null;
  const cloned = clonedAt !== null && now - clonedAt < CLONE_SHOWN_MS ? CLONED : '';
  const reason = [cloned, trouble, capability.reason].filter((part) => part !== '').join(' ');
  return { ...capability, reason: reason.slice(0, 400) };
}

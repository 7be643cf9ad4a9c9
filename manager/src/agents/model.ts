import type { AgentList } from '@process-meter/contract';

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

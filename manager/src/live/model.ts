import type { LiveNow } from '@process-meter/contract';
import { agentStatus, countStatuses } from '../agents/index.ts';
import type { AgentRow, OpenSession } from './store.ts';

const SHOWN = 10;

export interface LiveInput {
  now: number;
  sessions: readonly OpenSession[];
  agents: readonly AgentRow[];
  wantedRevision: number;
  /** Largest number open at once today, by application id. */
  peaks: ReadonlyMap<number, number>;
}

/** What the Overview shows of this moment. Pure. */
export function liveNow({ now, sessions, agents, wantedRevision, peaks }: LiveInput): LiveNow {
  const counted = agents.filter((agent) => agent.revokedAt === null);
  const waiting = counted.flatMap((agent) => agent.oldestWaiting ?? []);
  return {
    at: now,
    ...countStates(sessions),
    computers: new Set(sessions.map((session) => session.computer)).size,
    applications: byApplication(sessions, peaks),
    recent: sessions.toSorted((a, b) => b.since - a.since).slice(0, SHOWN),
    idle: sessions
      .flatMap(({ session, application, user, computer, state, since }) =>
        state === 'active' ? [] : [{ session, application, user, computer, state, since }],
      )
      .toSorted((a, b) => a.since - b.since)
      .slice(0, SHOWN),
    agents: {
      counts: countStatuses(agents.map((agent) => agentStatus(agent, now))),
      wantedRevision,
      haveWanted: counted.filter((agent) => (agent.appliedRevision ?? -1) >= wantedRevision).length,
      oldestWaiting: waiting.length === 0 ? null : Math.min(...waiting),
    },
  };
}

function byApplication(
  sessions: readonly OpenSession[],
  peaks: ReadonlyMap<number, number>,
): LiveNow['applications'] {
  const groups = Map.groupBy(sessions, (session) => session.application.id);
  return [...groups.values()]
    .flatMap((group) => {
      const application = group[0]?.application;
      if (application === undefined) return [];
      const peakToday = Math.max(group.length, peaks.get(application.id) ?? 0);
      return [{ application, ...countStates(group), peakToday }];
    })
    .toSorted((a, b) => total(b) - total(a) || a.application.name.localeCompare(b.application.name));
}

type Counts = Pick<LiveNow, 'active' | 'inactive' | 'timeout'>;
const total = (counts: Counts): number => counts.active + counts.inactive + counts.timeout;

function countStates(sessions: readonly OpenSession[]): Counts {
  const counts = { active: 0, inactive: 0, timeout: 0 };
  for (const session of sessions) counts[session.state] += 1;
  return counts;
}

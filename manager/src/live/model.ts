import type { LiveNow } from '@process-meter/contract';
import type { Moment } from './store.ts';

type Counts = Pick<LiveNow, 'active' | 'inactive' | 'timeout'>;

/** What the Overview shows of this moment. Pure. @param peaks largest number open at once today, by application id */
export function liveNow(now: number, moment: Moment, peaks: ReadonlyMap<number, number>): LiveNow {
  const { applications, computers, recent, idle, agents } = moment;
  const sum = (state: keyof Counts): number => applications.reduce((all, each) => all + each[state], 0);
  return {
    at: now,
    active: sum('active'),
    inactive: sum('inactive'),
    timeout: sum('timeout'),
    computers,
    applications: applications
      .map((each) => ({
        ...each,
        peakToday: Math.max(total(each), peaks.get(each.application.id) ?? 0),
      }))
      .toSorted((a, b) => total(b) - total(a) || a.application.name.localeCompare(b.application.name)),
    recent,
    idle: idle.flatMap(({ document: _document, state, ...session }) =>
      state === 'active' ? [] : [{ ...session, state }],
    ),
    agents,
  };
}

const total = (counts: Counts): number => counts.active + counts.inactive + counts.timeout;

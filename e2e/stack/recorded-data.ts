import { STATE, type RecordRoom } from '@process-meter/contract';
import type { RecordedSpan } from '../../manager/src/testing/recorded.ts';
import { seededRandom } from './seeded.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The instant at which everything stands still: Tuesday 17 November 2026, 14:32:08 in Oslo. */
export const FIXED_NOW = Date.UTC(2026, 10, 17, 13, 32, 8);
export const FIXED_ZONE = 'Europe/Oslo';

/** What the message servers hold: all of it is stored, and most of five days is kept. */
export const RECORDED_ROOM: RecordRoom = {
  bytes: 1_284_000_000,
  maxBytes: 7_500_000_000,
  waiting: 0,
  oldestAt: Date.UTC(2026, 10, 12, 17, 4),
  behind: false,
};

export const APPLICATIONS = [
  { name: 'CivilDraft 2026', rules: [{ executable: 'civildraft*' }, { windowClass: 'CivilDraft' }] },
  { name: 'HydroSim Pro', rules: [{ executable: 'hydrosim', path: '/opt/hydrosim/*' }] },
  { name: 'Terrain Studio', rules: [{ executable: 'terrain26' }] },
];

export interface RecordedAgent {
  readonly id: string;
  readonly computer: string;
  readonly user: string;
  /** How long before now it was last heard, ms. */
  readonly heardAgo: number;
  readonly blind?: boolean;
}

const USERS = [
  'o.lindqvist',
  'p.askevold',
  't.okoro-hale',
  'm.brunsgaard',
  'j.silverdal',
  's.tallmark',
  'e.korhonen-vik',
  'b.thorneycroft',
  'l.amberley',
  'r.falkenberg',
  'a.very-long-surname-that-wraps',
  'n.sund',
];
const HEARD_AGO: Record<number, number> = { 7: 3 * HOUR, 10: 3 * DAY };

export const AGENTS: readonly RecordedAgent[] = USERS.map((user, index) => ({
  id: `recordedusr${'abcdefghijkl'.charAt(index)}`,
  computer: `WS-${String(101 + index * 7).padStart(4, '0')}`,
  user,
  heardAgo: HEARD_AGO[index] ?? 4000 + index * 500,
  blind: index === 5,
}));

interface Stay {
  readonly session: number;
  readonly document: number;
  readonly from: number;
  readonly to: number;
  /** Still open at the fixed instant. */
  readonly open: boolean;
}

/** What comes after a stretch of this state and length. */
function stateAfter(state: number, length: number, random: () => number): number {
  if (state !== STATE.inactive) return STATE.inactive;
  return random() < 0.72 || length < 14 * MINUTE ? STATE.active : STATE.timeout;
}

/** Longest stretch of a state, in minutes beyond two. */
const MOST: Readonly<Record<number, number>> = {
  [STATE.active]: 42,
  [STATE.inactive]: 15,
  [STATE.timeout]: 70,
};

/** One document from opening to closing: runs of work, of rest and of absence that leave no gap. */
function stretches(stay: Stay, random: () => number): RecordedSpan[] {
  const { session, document, to } = stay;
  const spans: RecordedSpan[] = [];
  // Some who have it open have been away for a while.
  const left = stay.open && random() < 0.4 ? to - (10 + random() * 130) * MINUTE : Infinity;
  let state: number = STATE.inactive;
  let started = stay.from;
  while (started < to) {
    const away = started > left;
    if (away) state = to - left > 60 * MINUTE ? STATE.timeout : STATE.inactive;
    const length = Math.round((2 + random() * (MOST[state] ?? 0)) * MINUTE + random() * 50_000);
    const ended = away ? to : Math.min(to, started + length);
    spans.push({ session, document, started, ended, state, open: stay.open && ended === to });
    started = ended;
    state = stateAfter(state, length, random);
  }
  return spans;
}

/** When somebody is at a computer that day; null on a day off. */
function presence(back: number, heard: number, random: () => number): { from: number; to: number } | null {
  const morning = Date.UTC(2026, 10, 17 - back, 6, 30);
  if ([0, 6].includes(new Date(morning).getUTCDay()) || random() < 0.15) return null;
  const from = morning + Math.round(random() * 100) * MINUTE + Math.round(random() * 59) * 1000;
  const stays = back === 0 && random() < 0.7;
  const to = Math.min(heard, from + (stays ? DAY : Math.round((4 + random() * 5) * HOUR)));
  return to - from < 10 * MINUTE ? null : { from, to };
}

/** What one agent recorded of each application, by the application's place in the list. */
export function recordedSpans(index: number): RecordedSpan[][] {
  const random = seededRandom(index * 7919 + 17);
  const byApplication: RecordedSpan[][] = APPLICATIONS.map(() => []);
  const heard = FIXED_NOW - (AGENTS[index]?.heardAgo ?? 0);
  let next = 1;
  for (let back = 34; back >= 0; back -= 1) {
    const day = presence(back, heard, random);
    if (day === null) continue;
    const session = next;
    const spans = byApplication[Math.floor(random() * random() * APPLICATIONS.length)];
    const documents = 1 + Math.floor(random() * 2.4);
    for (let each = 0; each < documents; each += 1) {
      const later = each === 0 ? 0 : Math.round(random() * 40) * MINUTE;
      const from = Math.min(day.from + later, day.to - MINUTE);
      spans?.push(
        ...stretches({ session, document: next, from, to: day.to, open: day.to === heard }, random),
      );
      next += 1;
    }
  }
  return byApplication;
}

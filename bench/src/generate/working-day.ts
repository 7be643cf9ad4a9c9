import { CAUSE, STATE } from '@process-meter/contract';
import type { Random } from './random.ts';

export interface MadeSegment {
  started: number;
  ended: number;
  state: number;
  cause: number;
}

export interface MadeDocument {
  opened: number;
  closed: number;
  segments: MadeSegment[];
}

export interface MadeSession {
  /** Index of its application, by rank. */
  application: number;
  started: number;
  ended: number;
  /** The first one is open as long as the session. */
  documents: MadeDocument[];
}

export interface Day {
  arrives: number;
  leaves: number;
  /** The desktop stays on over night. */
  overNight: boolean;
  sessions: MadeSession[];
}

export interface DayInput {
  random: Random;
  /** Start of the working day in the user's zone, ms UTC. */
  workBegins: number;
  /** Nothing reaches beyond it. */
  end: number;
  /** Index of an application, drawn by its share. */
  pickApplication: () => number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CAP = 8 * HOUR;
const TIMEOUT_AFTER = 10 * MINUTE;
const SESSIONS_A_DAY = 5;

interface Kind {
  share: number;
  /** ms */
  length: (random: Random) => number;
  activeMean: number;
  inactiveMean: number;
}

/** Short looks, pieces of work, programs that stay open all day in the background. */
const KINDS: readonly Kind[] = [
  { share: 0.2, length: (r) => 10_000 + r.exponential(2 * MINUTE), activeMean: 2, inactiveMean: 1 },
  {
    share: 0.52,
    length: (r) => 25 * MINUTE * Math.exp(r.normal(0, 0.8)),
    activeMean: 4.5,
    inactiveMean: 3.5,
  },
  { share: 0.28, length: (r) => r.between(2, 6) * HOUR, activeMean: 3, inactiveMean: 7 },
];
const OVER_NIGHT_SHARE = 0.03;
const SEVERAL_DOCUMENTS_SHARE = 0.25;

/** One day of one user: sessions whose documents are tiled by segments, without hole or overlap. */
export function workingDay(input: DayInput): Day {
  const { random, end } = input;
  const arrives = Math.round(random.normal(input.workBegins, 40 * MINUTE));
  const leaves = Math.min(end, Math.round(arrives + random.normal(8.75 * HOUR, 45 * MINUTE)));
  const lunch = { from: arrives + random.between(3, 4) * HOUR, length: random.between(30, 60) * MINUTE };
  const overNight = random.unit() < OVER_NIGHT_SHARE * SESSIONS_A_DAY;
  const sessions: MadeSession[] = [];
  const count = Math.round(random.exponential(1) + SESSIONS_A_DAY - 1);
  for (let i = 0; i < count && arrives < leaves; i += 1) {
    const stays = overNight && i === 0;
    const kind = stays ? KINDS.at(-1) : pick(KINDS, random);
    if (kind === undefined) continue;
    const length = Math.min(kind.length(random), leaves - arrives);
    const started = Math.round(arrives + random.unit() * (leaves - arrives - length));
    const nextMorning = arrives + 23.5 * HOUR;
    const ended = Math.min(end, stays ? Math.round(nextMorning) : Math.round(started + length));
    const away = stays ? [lunch, { from: leaves, length: nextMorning - leaves }] : [lunch];
    sessions.push({
      application: input.pickApplication(),
      started,
      ended,
      documents: documentsOf({ started, ended, kind, away, random }),
    });
  }
  return { arrives, leaves, overNight, sessions };
}

function pick(kinds: readonly Kind[], random: Random): Kind | undefined {
  let at = random.unit();
  return kinds.find((kind) => (at -= kind.share) < 0) ?? kinds.at(-1);
}

interface Life {
  started: number;
  ended: number;
  kind: Kind;
  /** Stretches without any input. */
  away: readonly { from: number; length: number }[];
  random: Random;
}

function documentsOf(session: Life): MadeDocument[] {
  const { random, started, ended } = session;
  const several = ended - started > 2 * MINUTE && random.unit() < SEVERAL_DOCUMENTS_SHARE;
  const extra = several ? 1 + Math.round(random.unit()) : 0;
  const lives = Array.from({ length: extra }, () => {
    const opened = Math.round(random.between(started, ended - MINUTE));
    return { ...session, started: opened, ended: Math.round(random.between(opened + MINUTE / 2, ended)) };
  });
  return [session, ...lives].map((life) => ({
    opened: life.started,
    closed: life.ended,
    segments: segmentsOf(life),
  }));
}

function segmentsOf(life: Life): MadeSegment[] {
  const { random, kind, ended } = life;
  const segments: MadeSegment[] = [];
  let cause: number = CAUSE.opened;
  let active = true;
  for (let at = life.started; at < ended;) {
    const mean = (active ? kind.activeMean : kind.inactiveMean) * MINUTE;
    const drawn = Math.round(at + 1000 + random.exponential(mean));
    const until = Math.min(ended, active ? drawn : absentUntil(drawn, at, life.away));
    if (active) segments.push({ started: at, ended: until, state: STATE.active, cause });
    else addIdle(segments, at, until);
    at = until;
    active = !active;
    cause = CAUSE.input;
  }
  return segments;
}

/** Who is away gives no input before the return. */
function absentUntil(drawn: number, at: number, away: Life['away']): number {
  const found = away.find(({ from, length }) => drawn > from && at < from + length);
  return found === undefined ? drawn : Math.round(Math.max(drawn, found.from + found.length));
}

function addIdle(segments: MadeSegment[], from: number, to: number): void {
  const timeout = Math.min(to, from + TIMEOUT_AFTER);
  segments.push({ started: from, ended: timeout, state: STATE.inactive, cause: CAUSE.noInput });
  let cause: number = CAUSE.timeoutReached;
  for (let at = timeout; at < to; at += CAP) {
    segments.push({ started: at, ended: Math.min(to, at + CAP), state: STATE.timeout, cause });
    cause = CAUSE.cut;
  }
}

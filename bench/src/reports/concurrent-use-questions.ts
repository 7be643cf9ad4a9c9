import { concurrentUseSchema, type ConcurrentUse } from '@process-meter/contract';
import { DAY, FILTERED_MS, iso, ROLLED_UP_MS, type Question, type Subject } from './question.ts';
import { dayBounds, peaksBySlot, sessionsByMinute, type Range } from './raw-sql.ts';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const FAR_ZONE = 'Australia/Lord_Howe';

/** Concurrent Use: the largest and a typical application, from minutes of two days to days of the whole time. */
export async function concurrentUseQuestions(subject: Subject): Promise<Question[]> {
  const { pool, from, to } = subject;
  const all = { from: Math.max(from, to - 90 * DAY), to };
  const days = Math.round((to - all.from) / DAY);
  const utc = await dayBounds(pool, all, 'UTC');
  const local = await dayBounds(pool, all, FAR_ZONE);
  const weekend = { from: lastMonday(to), to: lastMonday(to) + 2 * DAY };
  const eight = { from: Math.max(from, to - 8 * DAY), to };
  const noon = { from: weekend.from + 13 * HOUR, to: weekend.from + 15 * HOUR };
  const questions: Question[] = [];
  for (const [size, application] of [
    ['largest', subject.largest],
    ['typical', subject.typical],
  ] as const) {
    const of = { subject, application, size };
    questions.push(
      minutes(of, weekend),
      peaks(of, { step: 'quarter', title: '15 min × 8 days', bounds: everyQuarter(eight), zone: 'UTC' }),
      peaks(of, { step: 'day', title: `daily × ${days} days`, bounds: utc, zone: 'UTC' }),
      peaks(of, { step: 'day', title: `daily × ${days} days, ${FAR_ZONE}`, bounds: local, zone: FAR_ZONE }),
    );
  }
  questions.push({
    name: 'Concurrent Use, 2 h with a line for each session, largest',
    path: path(subject.largest.slug, noon, 'minute', 'UTC'),
    aim: FILTERED_MS,
  });
  questions.push({
    name: 'Concurrent Use, the last 24 h until now, largest',
    path: path(subject.largest.slug, { from: Date.now() - DAY, to: Date.now() }, 'minute', 'UTC'),
    aim: FILTERED_MS,
  });
  return questions;
}

interface Of {
  subject: Subject;
  application: Subject['largest'];
  size: string;
}

function minutes({ subject, application, size }: Of, range: Range): Question {
  const use = { ...range, account: subject.account, application: application.id };
  return {
    name: `Concurrent Use, 1 min × 2 days, ${size}`,
    path: path(application.slug, range, 'minute', 'UTC'),
    aim: ROLLED_UP_MS,
    raw: {
      query: sessionsByMinute(use),
      difference: (body, rows) => {
        const counted = new Map(rows.map((row) => [Number(row['slot']) * MINUTE, Number(row['n'])]));
        return firstDifference(
          parsed(body),
          ({ at }) => counted.get(at) ?? 0,
          (point) => point.active + point.inactive + point.timeout,
        );
      },
    },
  };
}

function peaks(
  { subject, application, size }: Of,
  asked: { step: string; title: string; bounds: readonly number[]; zone: string },
): Question {
  const range = { from: asked.bounds[0] ?? 0, to: asked.bounds.at(-1) ?? 0 };
  const use = { ...range, account: subject.account, application: application.id };
  return {
    name: `Concurrent Use, ${asked.title}, ${size}`,
    path: path(application.slug, range, asked.step, asked.zone),
    aim: ROLLED_UP_MS,
    raw: {
      query: peaksBySlot(use, asked.bounds),
      difference: (body, rows) => {
        const swept = new Map(rows.map((row) => [asked.bounds[Number(row['slot'])], Number(row['n'])]));
        return firstDifference(
          parsed(body),
          ({ at }) => swept.get(at) ?? 0,
          ({ peak }) => peak,
        );
      },
    },
  };
}

type Point = ConcurrentUse['points'][number];
const parsed = (body: string): Point[] => concurrentUseSchema.parse(JSON.parse(body)).points;

function firstDifference(
  points: readonly Point[],
  expected: (point: Point) => number,
  got: (point: Point) => number,
): string | undefined {
  if (points.length === 0) return 'no points';
  const wrong = points.find((point) => expected(point) !== got(point));
  return wrong && `${iso(wrong.at)}: the report says ${got(wrong)}, the segments say ${expected(wrong)}`;
}

function path(slug: string, range: Range, step: string, zone: string): string {
  const query = new URLSearchParams({ app: slug, from: iso(range.from), to: iso(range.to), step, tz: zone });
  return `reports/concurrent-use?${query.toString()}`;
}

const everyQuarter = ({ from, to }: Range): number[] =>
  Array.from({ length: (to - from) / QUARTER + 1 }, (_, i) => from + i * QUARTER);

/** Of the last Monday and Tuesday that are whole. */
export function lastMonday(to: number): number {
  let at = to - 2 * DAY;
  while (new Date(at).getUTCDay() !== 1) at -= DAY;
  return at;
}

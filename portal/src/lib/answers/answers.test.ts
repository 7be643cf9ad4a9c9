import type {
  ConcurrentUse,
  DeadLetterList,
  LiveNow,
  SessionDetail,
  Sessions,
  UsePoint,
} from '@process-meter/contract';
import { describe, expect, it } from 'vitest';
import type { Result } from '#lib/result.ts';
import { concurrentAnswer } from './concurrent-answer.ts';
import { healthAnswer } from './health-answer.ts';
import { incompleteSpans } from './incomplete.ts';
import { isBeforeFirstAgent, overviewAnswer } from './overview-answer.ts';
import { sessionAnswer, sessionsAnswer } from './session-answer.ts';

const plain = (texts: readonly string[]): string => texts.join(' ').replaceAll('\u00a0', ' ');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const AT = Date.UTC(2026, 10, 17, 8, 19);
const APP = { id: 1, slug: 'civildraft', name: 'CivilDraft' };

function live(over: Partial<LiveNow> = {}, counts: Partial<LiveNow['agents']['counts']> = {}): LiveNow {
  return {
    at: AT,
    active: 0,
    inactive: 0,
    timeout: 0,
    computers: 1,
    applications: [],
    recent: [],
    idle: [],
    agents: {
      counts: { connected: 1, away: 0, silent: 0, revoked: 0, neverSeen: 0, ...counts },
      wantedRevision: 1,
      haveWanted: 1,
      oldestWaiting: null,
    },
    ...over,
  };
}
const texts = (value: LiveNow): string => plain(overviewAnswer(value).map((sentence) => sentence.text));

describe('the answer of the Overview', () => {
  it('leads to the first agent before there is one', () => {
    expect(isBeforeFirstAgent(live({}, { connected: 0, neverSeen: 1 }))).toBe(true);
    expect(texts(live({}, { connected: 0 }))).toContain('No computer reports yet.');
  });
  it('says 0, 1 and many', () => {
    expect(texts(live())).toBe('No metered application is open now.');
    expect(texts(live({ active: 1 }))).toBe('1 session is open and it is worked in.');
    expect(texts(live({ inactive: 1 }))).toBe('1 session is open; nobody works in it now.');
    expect(texts(live({ active: 678, inactive: 201, timeout: 296 }))).toBe(
      '1,175 sessions are open and 678 of them are worked in.',
    );
    expect(texts(live({ active: 1, inactive: 1 }))).toBe('2 sessions are open and 1 of them is worked in.');
    expect(texts(live({ active: 3 }))).toBe('All 3 open sessions are worked in.');
    expect(texts(live({ inactive: 3 }))).toBe('3 sessions are open; nobody works in them now.');
  });
  it('names how long the longest has been in Timeout', () => {
    const idle = [
      {
        session: 's',
        application: APP,
        user: 'ida',
        computer: 'WS',
        state: 'timeout' as const,
        since: AT - 2 * HOUR,
      },
    ];
    expect(texts(live({ active: 1, timeout: 1, idle }))).toContain('One has been in Timeout for 2 h.');
  });
  it('puts silent agents before idle sessions, and marks them', () => {
    const answer = overviewAnswer(live({ active: 1 }, { silent: 2 }));
    expect(answer[1]).toEqual({ text: '2 agents have been silent for over a day.', alarm: true });
  });
  it('does not claim to know now when no agent is connected', () => {
    expect(texts(live({}, { connected: 0, away: 2 }))).toContain('nothing is known of now');
  });
});

function point(over: Partial<UsePoint>): UsePoint {
  return {
    at: AT,
    active: 0,
    inactive: 0,
    timeout: 0,
    peak: 0,
    activeMs: 0,
    inactiveMs: 0,
    timeoutMs: 0,
    lengthMs: MINUTE,
    ...over,
  };
}
function report(over: Partial<ConcurrentUse> = {}): ConcurrentUse {
  return {
    application: APP,
    applications: [APP],
    from: Date.UTC(2026, 10, 16, 23),
    to: Date.UTC(2026, 10, 17, 23),
    zone: 'Europe/Oslo',
    step: 'minute',
    points: [],
    peak: { count: 0, at: null, forMs: 0 },
    peakActive: { count: 0, at: null, forMs: 0 },
    average: 0,
    times: { activeMs: 0, inactiveMs: 0, timeoutMs: 0 },
    table: [],
    completeness: { share: 1, slots: [] },
    daily: [],
    lanes: [],
    until: AT + HOUR,
    ...over,
  };
}

describe('the answer of Concurrent Use', () => {
  it('says that it was not open', () => {
    expect(plain(concurrentAnswer(report()))).toBe('CivilDraft was not open in this time.');
  });
  it('does not take unknown for zero', () => {
    const unknown = report({ completeness: { share: null, slots: [] } });
    expect(plain(concurrentAnswer(unknown))).toContain('it is not known whether CivilDraft was open');
    const nowhere = report({ application: null, completeness: { share: null, slots: [] } });
    expect(plain(concurrentAnswer(nowhere))).toBe('No application is metered yet, so nothing was counted.');
    const partial = report({ completeness: { share: 0.9, slots: [] } });
    expect(plain(concurrentAnswer(partial))).toContain('As far as is known');
  });
  it('says one without sums', () => {
    const one = report({
      peak: { count: 1, at: AT, forMs: MINUTE },
      points: [point({ active: 1, peak: 1 })],
    });
    expect(plain(concurrentAnswer(one))).toBe('Never more than 1 open at once, first at 09:19.');
  });
  it('says the peak, what was worked in and what would have done', () => {
    const many = report({
      peak: { count: 38, at: AT, forMs: 3 * MINUTE },
      points: [
        point({ active: 24, inactive: 6, timeout: 8, peak: 38 }),
        point({ at: AT + MINUTE, active: 28, inactive: 5, peak: 33 }),
      ],
    });
    expect(plain(concurrentAnswer(many))).toBe(
      'Peak 38 at 09:19. Only 24 of the 38 were worked in then; with those in Timeout released, 33 would have done.',
    );
  });
  it('claims no other quantity where steps are coarser than a minute', () => {
    const day = report({
      step: 'day',
      to: Date.UTC(2026, 10, 18, 23),
      peak: { count: 38, at: AT, forMs: MINUTE },
      points: [point({ active: 24, inactive: 6, timeout: 8, peak: 38, lengthMs: 24 * HOUR })],
    });
    expect(plain(concurrentAnswer(day))).toBe(
      'Peak 38 at 09:19 on Tue 17 Nov. Only 24 of the 38 were worked in then.',
    );
  });
  it('never says that more were worked in than were open', () => {
    const overlap = report({
      peak: { count: 2, at: AT, forMs: 1000 },
      points: [point({ active: 3, peak: 2 })],
    });
    expect(plain(concurrentAnswer(overlap))).toBe('Peak 2 at 09:19. All 2 were worked in then.');
  });
});

describe('incomplete time', () => {
  const slot = (hour: number, share: number | null, missing = 0) => ({
    from: hour * HOUR,
    to: (hour + 1) * HOUR,
    share,
    missing,
  });
  it('joins neighbours and ends at what can be known', () => {
    expect(
      incompleteSpans([slot(0, 1), slot(1, 0.9, 2), slot(2, 0.8, 3), slot(3, 0.5, 4)], 2.5 * HOUR),
    ).toEqual([{ from: HOUR, to: 2.5 * HOUR, agents: 3, share: 0.8 }]);
  });
  it('does not count time in which no agent was expected', () => {
    expect(incompleteSpans([slot(0, null)], 5 * HOUR)).toEqual([]);
  });
});

describe('the answer of a session', () => {
  const session = (active: number, inactive: number, timeout: number, ended: number | null): string =>
    plain(
      sessionAnswer({ activeMs: active, inactiveMs: inactive, timeoutMs: timeout, ended } as SessionDetail),
    );
  it('tells open, worked in and held for nothing', () => {
    expect(session(411 * MINUTE, 52 * MINUTE, 59 * MINUTE, AT)).toBe(
      'Open for 8 h 42 min and worked in for 6 h 51 min. For 59 min it stood in Timeout.',
    );
  });
  it('says so far while it is open', () => {
    expect(session(5 * MINUTE, 0, 0, null)).toBe('Open for 5 min so far and worked in for 5 min.');
  });
  it('tells all and none', () => {
    expect(session(MINUTE, 0, 0, AT)).toBe('Open for 1 min and worked in all that time.');
    expect(session(0, 2 * MINUTE, 0, AT)).toContain('never worked in');
  });
});

describe('the answer of the sessions', () => {
  const list = (total: number, share: number | null): string =>
    plain(
      sessionsAnswer({
        total,
        totals: { activeMs: HOUR * total, inactiveMs: 0, timeoutMs: HOUR * total },
        completeness: { share, slots: [] },
      } as unknown as Sessions),
    );
  it('says 0, 1 and many', () => {
    expect(list(0, 1)).toBe('No session matches in this time.');
    expect(list(1, 1)).toBe('1 session, open for 2 h, worked in for 1 h.');
    expect(list(2000, 1)).toBe('2,000 sessions, open for 4,000 h together, worked in for 2,000 h.');
  });
  it('says how much is known', () => {
    expect(list(1, 0.93)).toContain('93% of this time is known so far');
    expect(list(1, null)).not.toContain('known');
    expect(list(0, null)).toContain('it is not known what was open');
  });
});

describe('the answer of Health', () => {
  const failure = { ok: false, failure: { code: 'PM-5000', title: 'It failed.', detail: '' } } as const;
  const room = { bytes: 1, maxBytes: 10, waiting: 0, oldestAt: AT, behind: false };
  const stream = (over: Partial<typeof room> | null) =>
    ({ ok: true, data: { room: over && { ...room, ...over } } }) as const;
  const letters = (total: number): Result<DeadLetterList> => ({
    ok: true,
    data: { letters: [], groups: [], total, replayed: 0, dropped: { count: 0, lastAt: null } },
  });
  const answer = (...of: Parameters<typeof healthAnswer>): string =>
    plain(healthAnswer(...of).map(({ text }) => text));

  it('says what waits and what was refused', () => {
    expect(answer(stream({}), letters(0))).toBe('Every batch of records was accepted.');
    expect(answer(stream({ waiting: 1 }), letters(0))).toContain('1 batch of records waits to be stored.');
    expect(answer(stream({ waiting: 1200 }), letters(2))).toBe(
      '1,200 batches of records wait to be stored. 2 batches of records were refused. They are kept with their reasons and not counted.',
    );
  });
  it('is an alarm where somebody must look', () => {
    expect(healthAnswer(stream(null), letters(0))[0]?.alarm).toBe(true);
    expect(healthAnswer(stream({ waiting: 9, behind: true }), letters(0))[0]).toMatchObject({ alarm: true });
  });
  it('does not say that it is well when it is not known', () => {
    expect(answer(failure, letters(1))).toContain('1 batch of records was refused.');
    expect(answer(stream(null), failure)).not.toContain('accepted');
    expect(answer(failure, failure)).not.toContain('accepted');
  });
});

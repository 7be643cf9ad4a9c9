import type { ConcurrentUse, UsePoint } from '@process-meter/contract';
import { describe, expect, it } from 'vitest';
import type { Range } from '#lib/range/range.ts';
import { concurrentView } from './view.server.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ZONE = 'Europe/Oslo';
/** Midnight of Tue 17 Nov 2026 in Oslo. */
const FROM = Date.UTC(2026, 10, 16, 23);
const TO = FROM + 24 * HOUR;
const PEAK = FROM + 9 * HOUR + 19 * MINUTE;
const APP = { id: 1, slug: 'civildraft', name: 'CivilDraft' };

const point = (at: number, lengthMs: number, open: number): UsePoint => ({
  at,
  lengthMs,
  active: open,
  inactive: 0,
  timeout: 0,
  peak: open,
  activeMs: open * lengthMs,
  inactiveMs: 0,
  timeoutMs: 0,
});
function report(over: Partial<ConcurrentUse> = {}): ConcurrentUse {
  return {
    application: APP,
    applications: [APP, { id: 2, slug: 'hydrosim', name: 'HydroSim' }],
    from: FROM,
    to: TO,
    zone: ZONE,
    step: 'minute',
    points: Array.from({ length: 1440 }, (_, minute) => {
      const at = FROM + minute * MINUTE;
      return point(at, MINUTE, at === PEAK ? 38 : minute >= 480 && minute < 960 ? 20 : 0);
    }),
    peak: { count: 38, at: PEAK, forMs: MINUTE },
    peakActive: { count: 31, at: PEAK, forMs: MINUTE },
    average: 6.7,
    times: { activeMs: 90 * HOUR, inactiveMs: 20 * HOUR, timeoutMs: 10 * HOUR },
    table: Array.from({ length: 24 }, (_, hour) =>
      point(FROM + hour * HOUR, HOUR, hour >= 8 && hour < 16 ? 20 : 0),
    ),
    completeness: { share: 1, slots: [{ from: FROM, to: TO, share: 1, missing: 0 }] },
    daily: [
      { at: FROM - 24 * HOUR, peak: 0 },
      { at: FROM, peak: 38 },
    ],
    lanes: [],
    until: TO,
    ...over,
  };
}
const RANGE: Range = { from: FROM, to: TO, preset: 'today' };
const view = (over: Partial<ConcurrentUse> = {}, range = RANGE, query = '') =>
  concurrentView(report(over), range, new URLSearchParams(query));
const plain = (text: string | undefined): string => (text ?? '').replaceAll('\u00a0', ' ');

describe('what the server says of Concurrent Use', () => {
  it('names the application and keeps the rest of the address in every link', () => {
    const { title, applications } = view({}, RANGE, 'app=civildraft&range=today&x=1');
    expect(title).toBe('Concurrent use of CivilDraft');
    expect(applications.map(({ href, on }) => [href, on])).toEqual([
      ['?app=civildraft&range=today&x=1', true],
      ['?app=hydrosim&range=today&x=1', false],
    ]);
  });
  it('leads from every figure to the sessions that make it', () => {
    const { facts } = view();
    expect(facts.map((fact) => plain(fact.value))).toEqual(['38', '31', '6.7', '25%', '90 h']);
    expect(plain(facts[0]?.why)).toBe('09:19, for 1 min');
    expect(facts[0]?.href).toBe(
      '/use/sessions?app=civildraft&at=2026-11-17T08:19:00.000Z&from=2026-11-17T00:00&sort=-timeout&to=2026-11-18T00:00',
    );
  });
  it('tells a quiet 0 when nothing was open', () => {
    const never = { count: 0, at: null, forMs: 0 };
    const times = { activeMs: 0, inactiveMs: 0, timeoutMs: 0 };
    const { facts, chart } = view({
      peak: never,
      peakActive: never,
      times,
      average: 0,
      points: [],
      table: [],
    });
    expect(facts[0]).toMatchObject({ value: '0', href: null, none: true, why: 'nothing open' });
    expect(facts[3]).toMatchObject({ value: '0%', why: 'nothing open' });
    expect(chart.empty).toEqual({ title: 'Nothing was open in this time.', href: '?range=90d' });
    expect(chart.model.peak).toBeNull();
  });
  it('says that nothing was measured, not that it was zero', () => {
    const never = { count: 0, at: null, forMs: 0 };
    const { facts } = view({
      peak: never,
      peakActive: never,
      times: { activeMs: 0, inactiveMs: 0, timeoutMs: 0 },
      completeness: { share: null, slots: [] },
    });
    expect(new Set(facts.map(({ value }) => value))).toEqual(new Set(['not measured']));
    expect(facts).toHaveLength(5);
  });
  it('names the stretch with most agents missing', () => {
    const slot = (hour: number, missing: number) => ({
      from: FROM + hour * HOUR,
      to: FROM + (hour + 1) * HOUR,
      share: 0.5,
      missing,
    });
    const { notice } = view({ completeness: { share: 0.9, slots: [slot(3, 1), slot(10, 4)] } });
    expect(notice?.title).toBe('10:00 to 11:00 is not complete.');
    expect(notice?.text).toContain('4 agents');
    expect(view().notice).toBeNull();
  });
});

describe('what the server draws of Concurrent Use', () => {
  it('is the used part of today, few shapes for the drawing and every step for the pointer', () => {
    const { model } = view().chart;
    expect([model.from, model.to]).toEqual([FROM + 7 * HOUR, FROM + 18 * HOUR]);
    expect(model.points).toHaveLength(11 * 60);
    expect(model.drawn.length).toBeLessThanOrEqual(300);
    expect(Math.max(...model.drawn.map((each) => each.active))).toBe(38);
    expect(model.peak?.text).toBe('Peak 38 at 09:19');
  });
  it('has a day for each bar, also for the one that runs', () => {
    const points = [point(FROM - 24 * HOUR, 24 * HOUR, 3), point(FROM, 24 * HOUR, 5)];
    const range = { from: FROM - 24 * HOUR, to: TO, preset: null };
    const { chart, daily, foot } = view({ step: 'day', points, until: FROM + 9 * HOUR }, range);
    expect(chart.model.points.map((each) => each.lengthMs)).toEqual([24 * HOUR, 24 * HOUR]);
    expect(daily).toBeNull();
    expect(foot?.text).toContain('One bar a day');
  });
  it('opens into lanes on the axis of the chart at one hour', () => {
    const from = FROM + 9 * HOUR;
    const lane = {
      session: 's1',
      application: APP,
      user: 'ida',
      computer: 'WS-1',
      unusedMs: 15 * MINUTE,
      segments: [{ from: from - HOUR, to: from + 30 * MINUTE, state: 'timeout' as const }],
    };
    const range = { from, to: from + HOUR, preset: null };
    const { lanes, daily } = view({ ...range, lanes: [lane] }, range);
    expect(lanes?.lanes[0]?.parts).toEqual([{ fill: 't', left: 0, width: 50 }]);
    expect(plain(lanes?.lanes[0]?.title)).toBe('ida on WS-1, 15 min unused');
    expect(daily).toBeNull();
  });
  it('marks the chosen days among the 90', () => {
    const { daily } = view();
    expect(daily?.days.map((day) => [day.text, day.height, day.on])).toEqual([
      ['Mon 16 Nov 2026: peak 0', 2, false],
      ['Tue 17 Nov 2026: peak 38', 34, true],
    ]);
    expect(daily?.days[1]?.href).toBe('?from=2026-11-17T00:00&to=2026-11-18T00:00');
  });
});

describe('the ladder and the table of Concurrent Use', () => {
  it('steps finer around the peak and wider around what is shown', () => {
    const { ladder } = view();
    expect(ladder.steps.map((step) => step.text)).toEqual(['90 days', 'Week 47', 'Tue 17 Nov', 'Hour']);
    expect(ladder.steps.map((step) => step.on)).toEqual([false, false, true, false]);
    expect(ladder.finer).toBe('?from=2026-11-17T09:00&to=2026-11-17T10:00');
    expect(ladder.wider).toBe('?from=2026-11-16T00:00&to=2026-11-23T00:00');
    expect(ladder.earlier).toBe('?from=2026-11-16T00:00&to=2026-11-17T00:00');
  });
  it('has the same figures by the chosen step', () => {
    const hours = view().table;
    expect(hours.rows.map((row) => row.text)).toEqual([
      '08:00',
      '09:00',
      '10:00',
      '11:00',
      '12:00',
      '13:00',
      '14:00',
      '15:00',
    ]);
    expect(hours.rows[1]).toMatchObject({
      figures: ['20.0', '0.0', '0.0', '20.0'],
      holdsPeak: true,
      known: '100%',
    });
    expect(hours.choices.map(({ text, on }) => [text, on])).toEqual([
      ['Hour', true],
      ['15 min', false],
      ['Minute', false],
    ]);
    const minutes = view({}, RANGE, 'step=minute').table;
    expect(minutes.rows).toHaveLength(300);
    expect(minutes.foot).toContain('The first 300 of 480 steps');
  });
});

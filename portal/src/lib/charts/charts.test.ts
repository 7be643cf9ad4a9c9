import { describe, expect, it } from 'vitest';
import { chartModel } from './draw.server.ts';
import { axes, layers, marks } from './stack-shapes.ts';
import { areaPath, edgePath, scaleOf } from './stack.ts';
import { countTicks, thin } from './thinning.ts';
import { timeTicks } from './time-ticks.ts';

const MINUTE = 60_000;
const point = (index: number, active: number, timeout = 0) => ({
  at: index * MINUTE,
  lengthMs: MINUTE,
  active,
  inactive: 0,
  timeout,
  peak: active + timeout,
});

describe('thinning', () => {
  it('keeps the height of every peak and the whole time', () => {
    const points = Array.from({ length: 1440 }, (_, index) =>
      point(index, index === 777 ? 9 : 1, index === 777 ? 4 : 0),
    );
    const thinned = thin(points, 300);
    expect(thinned.length).toBeLessThanOrEqual(300);
    expect(Math.max(...thinned.map((each) => each.active + each.timeout))).toBe(13);
    expect(thinned.find((each) => each.timeout === 4)).toMatchObject({ active: 9 });
    expect(thinned.reduce((sum, each) => sum + each.lengthMs, 0)).toBe(1440 * MINUTE);
  });
  it('leaves few points as they are', () => {
    expect(thin([point(0, 1)], 300)).toHaveLength(1);
    expect(thin([], 300)).toEqual([]);
  });
});

describe('paths', () => {
  const scale = scaleOf({ left: 0, right: 100, top: 0, bottom: 100 }, { from: 0, to: 4 * MINUTE, max: 10 });
  it('are steps, equal neighbours joined', () => {
    const points = [point(0, 5), point(1, 5), point(2, 10), point(3, 0)];
    expect(areaPath(points, (each) => each.active, scale)).toBe('M0 100V50H50V0H75V100H100V100Z');
    expect(edgePath(points, (each) => each.active, scale)).toBe('M0 100V50H50V0H75V100H100V100');
  });
  it('are empty without points', () => {
    expect(areaPath([], (each) => each.active, scale)).toBe('');
  });
});

describe('ticks', () => {
  it('of counts are whole, round and start at 0', () => {
    expect(countTicks(1)).toEqual([0, 1]);
    expect(countTicks(38)).toEqual([0, 10, 20, 30]);
    expect(countTicks(1300)).toEqual([0, 500, 1000]);
    expect(countTicks(0)).toEqual([0]);
  });
  it('of time are round on the wall clock and no more than asked', () => {
    const from = Date.UTC(2026, 10, 17, 5);
    const ticks = timeTicks({ from, to: from + 14 * 60 * MINUTE }, 'Europe/Oslo', 15);
    expect(ticks[0]?.label).toBe('06:00');
    expect(ticks).toHaveLength(15);
    const kathmandu = timeTicks({ from, to: from + 60 * MINUTE }, 'Asia/Kathmandu', 6);
    expect(kathmandu.map((tick) => tick.label)).toContain('11:00');
  });
  it('of weeks are Mondays', () => {
    const from = Date.UTC(2026, 7, 26, 22);
    const ticks = timeTicks({ from, to: from + 90 * 24 * 60 * MINUTE }, 'Europe/Oslo', 8);
    expect(ticks[0]?.label).toBe('7 Sept');
    expect(ticks.length).toBeLessThanOrEqual(8);
  });
});

describe('what the server works out for a chart', () => {
  const slot = (from: number, to: number, share: number | null) => ({
    from: from * MINUTE,
    to: to * MINUTE,
    share,
    missing: share === 1 ? 0 : 1,
  });
  const source = {
    from: 0,
    to: 600 * MINUTE,
    until: 480 * MINUTE,
    zone: 'UTC',
    points: Array.from({ length: 480 }, (_, index) => point(index, 3)),
    peak: { at: 0, text: 'Peak', count: 7 },
    slots: [
      slot(-60, 60, 1),
      slot(60, 120, 1),
      slot(120, 180, 0.5),
      slot(180, 240, null),
      slot(420, 540, 0.5),
    ],
    bars: false,
  };
  it('has room for the peak and few shapes', () => {
    const model = chartModel(source);
    expect(model.top).toBeCloseTo(7.42);
    expect(model.drawn.length).toBeLessThanOrEqual(300);
    expect(chartModel({ ...source, bars: true }).drawn).toHaveLength(480);
  });
  it('tells what is known and what is missing on the axis and up to now', () => {
    const { known, gaps } = chartModel(source);
    expect(known).toEqual([
      { from: 0, to: 180 * MINUTE },
      { from: 420 * MINUTE, to: 480 * MINUTE },
    ]);
    expect(gaps).toEqual([
      { from: 120 * MINUTE, to: 180 * MINUTE },
      { from: 420 * MINUTE, to: 480 * MINUTE },
    ]);
  });
  it('offers ticks for every width, densest first', () => {
    const { times } = chartModel(source);
    for (const { most, ticks } of times) expect(ticks.length).toBeLessThanOrEqual(most + 1);
    expect(times.at(0)!.ticks.length).toBeGreaterThan(times.at(-1)!.ticks.length);
  });
});

describe('the shapes of a chart', () => {
  const scale = scaleOf(
    { left: 50, right: 650, top: 34, bottom: 200 },
    { from: 0, to: 600 * MINUTE, max: 10 },
  );
  const model = (over: Partial<Parameters<typeof chartModel>[0]> = {}) =>
    chartModel({
      from: 0,
      to: 600 * MINUTE,
      until: 600 * MINUTE,
      zone: 'UTC',
      points: [point(0, 3, 2), point(1, 0)],
      peak: null,
      slots: [],
      bars: false,
      ...over,
    });
  it('stay inside the plot with their words, also at its ends', () => {
    const peak = { at: 598 * MINUTE, count: 5, text: 'Peak 5 at 09:58' };
    const { labels } = marks(model({ peak }), scale, { at: 700 * MINUTE, text: 'now, 5' });
    expect(labels.map((label) => label['text-anchor'])).toEqual(['end', 'end']);
    for (const label of labels) expect(label.x).toBeLessThanOrEqual(650);
    // Two words at one place stand above each other.
    expect(labels[0]!.y).not.toBe(labels[1]!.y);
  });
  it('are bars from the base up, pale where data is missing', () => {
    const slots = [{ from: 0, to: MINUTE, share: 0.5, missing: 1 }];
    const bars = layers(model({ bars: true, slots }), scale);
    expect(bars.map((bar) => [bar.fill, bar.opacity])).toEqual([
      ['var(--active)', 0.5],
      ['var(--timeout)', 0.5],
    ]);
  });
  it('have as many ticks as the width has room for', () => {
    const wide = axes(model(), scale).labels.length;
    const narrow = axes(model(), { ...scale, right: 200 }).labels.length;
    expect(narrow).toBeLessThan(wide);
  });
});

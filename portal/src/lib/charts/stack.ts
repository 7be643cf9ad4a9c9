import type { UsePoint } from '@process-meter/contract';

/** What a stack draws at a step: the states from the base up, and the peak. */
export interface StackPoint {
  readonly at: number;
  readonly lengthMs: number;
  readonly active: number;
  readonly inactive: number;
  readonly timeout: number;
  readonly peak: number;
}

export const openOf = (point: StackPoint): number => point.active + point.inactive + point.timeout;

function busiest(points: readonly UsePoint[]): UsePoint | undefined {
  let best = points[0];
  for (const point of points) {
    if (best === undefined || openOf(point) > openOf(best)) best = point;
  }
  return best;
}

/**
 * Fewer, wider steps for a drawing of at most `most` points. A wider step shows the states at its peak minute,
 * so that the height stays the true peak.
 */
export function thin(points: readonly UsePoint[], most: number): StackPoint[] {
  const size = Math.ceil(points.length / most);
  if (size <= 1) return [...points];
  const thinned: StackPoint[] = [];
  for (let start = 0; start < points.length; start += size) {
    const group = points.slice(start, start + size);
    const top = busiest(group);
    const first = group[0];
    if (top === undefined || first === undefined) continue;
    thinned.push({
      at: first.at,
      lengthMs: group.reduce((sum, point) => sum + point.lengthMs, 0),
      active: top.active,
      inactive: top.inactive,
      timeout: top.timeout,
      peak: Math.max(...group.map((point) => point.peak)),
    });
  }
  return thinned;
}

export interface Scale {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Linear scales of a plot: time over its width, counts from 0 over its height. */
export function scaleOf(box: Box, domain: { from: number; to: number; max: number }): Scale {
  const width = box.right - box.left;
  const height = box.bottom - box.top;
  const span = Math.max(1, domain.to - domain.from);
  return {
    ...box,
    x: (at) => box.left + ((at - domain.from) / span) * width,
    y: (value) => box.bottom - (value / Math.max(1, domain.max)) * height,
  };
}

const round = (value: number): string => (Math.round(value * 10) / 10).toString();

/** A stepped area from the base to a level, as an SVG path; equal neighbours are one stretch. */
export function areaPath(
  points: readonly StackPoint[],
  level: (point: StackPoint) => number,
  scale: Scale,
): string {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return '';
  let path = `M${round(scale.x(first.at))} ${round(scale.bottom)}`;
  let value: number | null = null;
  for (const point of points) {
    const next = level(point);
    if (next === value) continue;
    if (value !== null) path += `H${round(scale.x(point.at))}`;
    path += `V${round(scale.y(next))}`;
    value = next;
  }
  return `${path}H${round(scale.x(last.at + last.lengthMs))}V${round(scale.bottom)}Z`;
}

/** The top edge of a stepped area, for the gap line between neighbouring states. */
export function edgePath(
  points: readonly StackPoint[],
  level: (point: StackPoint) => number,
  scale: Scale,
): string {
  return areaPath(points, level, scale)
    .replace(/^M\S+ \S+V/, (start) => {
      const [, x = '', y = ''] = /^M(\S+) (\S+)V/.exec(start) ?? [];
      return `M${x} ${y}V`;
    })
    .replace(/Z$/, '');
}

const NICE = [1, 2, 5, 10];

/** Round tick values from 0 to at least `max`, about `wanted` of them, whole numbers only. */
export function countTicks(max: number, wanted = 4): number[] {
  const rough = Math.max(1, max / wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, (NICE.find((nice) => nice * power >= rough) ?? 10) * power);
  const ticks: number[] = [];
  for (let value = 0; value <= max; value += step) ticks.push(value);
  return ticks;
}

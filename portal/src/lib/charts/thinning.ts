import { openOf, type StackPoint } from './stack.ts';

function busiest(points: readonly StackPoint[]): StackPoint | undefined {
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
export function thin(points: readonly StackPoint[], most: number): StackPoint[] {
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

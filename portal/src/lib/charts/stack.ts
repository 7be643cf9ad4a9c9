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

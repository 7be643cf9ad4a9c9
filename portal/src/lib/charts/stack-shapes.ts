import { ticksFor, type ChartModel } from './chart-model.ts';
import { areaPath, edgePath, openOf, type Scale, type StackPoint } from './stack.ts';

/** A path with its attributes: all that a chart draws but words. */
export interface Shape {
  readonly d: string;
  readonly fill: string;
  readonly stroke?: string;
  readonly 'stroke-width'?: number;
  readonly 'stroke-dasharray'?: string;
  readonly opacity?: number | undefined;
}
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly 'text-anchor': Anchor;
  readonly class?: string;
}
export interface Marker {
  readonly at: number;
  readonly text: string;
}
type Anchor = 'start' | 'middle' | 'end';
type Look = Partial<Omit<Shape, 'd' | 'stroke'>>;

const line = (d: string, stroke: string, look: Look = {}): Shape => ({ d, stroke, fill: 'none', ...look });
const box = (x: number, y: number, width: number, height: number): string =>
  `M${x} ${y}h${width}v${height}h${-width}z`;
const two = (point: StackPoint): number => point.active + point.inactive;
const active = (point: StackPoint): number => point.active;

/** Where a label of half a width stands so that it stays inside the plot. */
function anchor(x: number, half: number, scale: Scale): Anchor {
  if (x < scale.left + half) return 'start';
  return x > scale.right - half ? 'end' : 'middle';
}

function areas(points: readonly StackPoint[], scale: Scale): Shape[] {
  const area = (level: (point: StackPoint) => number, fill: string): Shape => ({
    d: areaPath(points, level, scale),
    fill,
  });
  const edge = (level: (point: StackPoint) => number, stroke: string, width = 1): Shape =>
    line(edgePath(points, level, scale), stroke, { 'stroke-width': width });
  return [
    area(openOf, 'url(#pt)'),
    edge(openOf, 'var(--timeout-ink)'),
    area(two, 'url(#pi)'),
    edge(two, 'var(--gap)', 3),
    edge(two, 'var(--inactive-ink)'),
    area(active, 'var(--active)'),
    edge(active, 'var(--gap)', 1.5),
  ];
}

/** The parts of a bar from the base up; too narrow for a pattern it is plain, with data missing it is pale. */
function barOf(point: StackPoint, scale: Scale, opacity: number | undefined): Shape[] {
  const x = scale.x(point.at);
  const width = Math.max(1, scale.x(point.at + point.lengthMs) - x - 1.5);
  const parts: Shape[] = [];
  let base = 0;
  for (const state of ['active', 'inactive', 'timeout'] as const) {
    if (point[state] === 0) continue;
    const y = scale.y(base + point[state]);
    const height = Math.max(0.5, scale.y(base) - y - (base > 0 ? 1 : 0));
    const isActive = state === 'active';
    parts.push({
      d: box(x, y, width, height),
      fill: isActive || width < 6 ? `var(--${state})` : `url(#p${state.charAt(0)})`,
      stroke: isActive ? 'none' : `var(--${state}-ink)`,
      'stroke-width': 0.75,
      opacity,
    });
    base += point[state];
  }
  return parts;
}

/** The states of every step, from the base up. */
export function layers(model: ChartModel, scale: Scale): Shape[] {
  if (!model.bars) return areas(model.drawn, scale);
  return model.drawn.flatMap((point) => {
    const pale = model.gaps.some((gap) => gap.from < point.at + point.lengthMs && gap.to > point.at);
    return barOf(point, scale, pale ? 0.5 : undefined);
  });
}

/** Lines and words of the axes. */
export function axes(model: ChartModel, scale: Scale): { shapes: Shape[]; labels: Label[] } {
  const { left, right, bottom } = scale;
  const ticks = ticksFor(model.times, Math.floor((right - left) / (model.bars ? 110 : 62)));
  return {
    shapes: [
      ...model.counts.map(({ value }) =>
        line(`M${left} ${scale.y(value)}H${right}`, value === 0 ? 'var(--line-ctl)' : 'var(--plot-grid)'),
      ),
      ...ticks.map(({ at }) => line(`M${scale.x(at)} ${bottom}v4`, 'var(--line-ctl)')),
    ],
    labels: [
      ...model.counts.map(({ value, label }) => ({
        text: label,
        x: left - 8,
        y: scale.y(value) + 4,
        'text-anchor': 'end' as const,
      })),
      ...ticks.map(({ at, label }) => {
        const x = scale.x(at);
        return { text: label, x, y: bottom + 34, 'text-anchor': anchor(x, 20, scale) };
      }),
    ],
  };
}

/** What is known of the time: a strip under the axis, and a veil over the plot where data is missing. */
export function known(model: ChartModel, scale: Scale): Shape[] {
  const { top, bottom } = scale;
  const wide = (span: { from: number; to: number }): number => scale.x(span.to) - scale.x(span.from);
  const veils = model.gaps.flatMap((gap): Shape[] => {
    const x = scale.x(gap.from);
    const ends = `M${x} ${top}V${bottom}M${scale.x(gap.to)} ${top}V${bottom}`;
    return [
      { d: box(x, top, Math.max(1, wide(gap)), bottom - top), fill: 'var(--surface)', opacity: 0.5 },
      line(ends, 'var(--text-3)', { 'stroke-dasharray': '2 3' }),
    ];
  });
  return [
    ...(model.bars ? [] : veils),
    ...model.known.map((span) => ({
      d: box(scale.x(span.from), bottom + 9, Math.max(1, wide(span)), 5),
      fill: 'var(--text-3)',
      opacity: 0.38,
    })),
    ...model.gaps.flatMap((gap): Shape[] => {
      const d = box(scale.x(gap.from), bottom + 8, Math.max(3, wide(gap)), 7);
      return [
        { d, fill: 'var(--surface)' },
        { d, fill: 'url(#pmiss)', stroke: 'var(--text-3)' },
      ];
    }),
  ];
}

/** The peak and the present, each with its line and its words above the plot. */
export function marks(
  { peak }: ChartModel,
  scale: Scale,
  marker: Marker | null,
): { shapes: Shape[]; labels: Label[] } {
  const shapes: Shape[] = [];
  const labels: Label[] = [];
  const peakX = peak === null ? -Infinity : scale.x(peak.at);
  if (peak !== null) {
    const y = scale.y(peak.count);
    const side = anchor(peakX, Math.max(60, peak.text.length * 3.4), scale);
    const x = {
      start: Math.max(peakX - 2, scale.left),
      middle: peakX,
      end: Math.min(peakX + 2, scale.right),
    };
    shapes.push(line(`M${peakX} 22V${y}`, 'var(--text)'), {
      d: `M${peakX - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z`,
      fill: 'var(--surface)',
      stroke: 'var(--text)',
      'stroke-width': 2,
    });
    labels.push({ text: peak.text, x: x[side], y: 15, 'text-anchor': side, class: 'lbl' });
  }
  if (marker !== null) {
    const x = Math.min(scale.x(marker.at), scale.right);
    const atEnd = x > scale.right - 60;
    const y = Math.abs(peakX - x) < 150 ? scale.top - 4 : 15;
    shapes.push(line(`M${x} ${scale.top}V${scale.bottom}`, 'var(--accent)', { 'stroke-width': 1.5 }));
    labels.push({
      text: marker.text,
      x: atEnd ? x - 6 : x + 6,
      y,
      'text-anchor': atEnd ? 'end' : 'start',
      class: 'now',
    });
  }
  return { shapes, labels };
}

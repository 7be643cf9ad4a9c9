import { count } from '#lib/format/figures.ts';
import { clock, day } from '#lib/format/instants.ts';
import { common } from '#lib/i18n/common.ts';
import { concurrent } from '#lib/i18n/concurrent.ts';
import { indexAt, type ReadModel } from './chart-model.ts';
import { openOf } from './stack.ts';

/** Pixels of a drag that are still a click. */
const STILL = 6;
const WALK: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  PageDown: 15,
  PageUp: -15,
  Home: -1e9,
  End: 1e9,
};

export interface ReaderDeps {
  readonly model: () => ReadModel;
  readonly onzoom: (from: number, to: number) => void;
  readonly onopen: (at: number) => void;
}

/**
 * Reads a chart for a pointer or keys: which step is meant, what it says, and which part was dragged across. Places are
 * shares of the plot's width. Loaded when the chart is first touched.
 */
export class ChartReader {
  readonly #deps: ReaderDeps;
  index = $state<number | null>(null);
  drag = $state.raw<{ from: number; to: number } | null>(null);
  readonly model = $derived.by(() => this.#deps.model());
  readonly point = $derived.by(() => (this.index === null ? undefined : this.model.points[this.index]));
  readonly words = $derived.by(() => {
    const { point, model } = this;
    if (point === undefined) return '';
    if (model.bars) return day(point.at, model.zone);
    return `${day(point.at, model.zone, model.to)}, ${clock(point.at, model.zone)}`;
  });
  readonly spoken = $derived.by(() => {
    const { point } = this;
    if (point === undefined) return undefined;
    const { active, inactive, timeout } = common.states;
    return `${this.words}: ${count(point.active)} ${active}, ${count(point.inactive)} ${inactive}, ${count(point.timeout)} ${timeout}, ${count(openOf(point))} ${concurrent.card.open}`;
  });

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
  }

  #timeAt(share: number): number {
    return this.model.from + share * (this.model.to - this.model.from);
  }

  #known(at: number): number | null {
    return this.model.points.length === 0 || at > this.model.until ? null : indexAt(this.model.points, at);
  }

  move(share: number): void {
    this.index = this.#known(this.#timeAt(share));
    if (this.drag !== null) this.drag = { from: this.drag.from, to: share };
  }

  press(share: number): void {
    this.index = this.#known(this.#timeAt(share));
    this.drag = { from: share, to: share };
  }

  release(width: number): void {
    const { drag, point, model } = this;
    this.drag = null;
    if (drag === null) return;
    const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    if ((to - from) * width > STILL) this.#deps.onzoom(this.#timeAt(from), this.#timeAt(to));
    else if (model.bars && point !== undefined) this.#deps.onzoom(point.at, point.at + point.lengthMs);
  }

  leave(): void {
    if (this.drag === null) this.index = null;
  }

  open(): void {
    if (this.point !== undefined) this.#deps.onopen(this.point.at);
  }

  key(name: string): void {
    const by = WALK[name];
    if (by !== undefined) this.#step(by);
    else if (name === 'Enter') this.open();
    else this.index = null;
  }

  #step(by: number): void {
    const { model, index } = this;
    if (model.points.length === 0) return;
    const last = this.#known(Math.min(model.until, model.to) - 1) ?? model.points.length - 1;
    const start = index ?? (by > 0 ? -1 : last + 1);
    this.index = Math.min(last, Math.max(0, start + by));
  }
}

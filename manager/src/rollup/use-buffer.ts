/** A stretch of one session in one state, after its documents are merged: `ended` is exclusive. */
export interface StateSpan {
  started: number;
  ended: number;
  state: number;
}

/**
 * Segments of one application, gathered by session. Documents of a session may overlap: the session's state at an
 * instant is the most active of them (product.md), so time by state is not a sum over segments.
 */
export class UseBuffer {
  readonly #sessions = new Map<string, StateSpan[]>();
  /** Instants at which a session began for the first time ever. */
  readonly starts: number[] = [];

  /** @param started ms UTC @param ended ms UTC, exclusive @param state STATE code */
  push(session: string, span: StateSpan, isStart: boolean): void {
    if (isStart) this.starts.push(span.started);
    const spans = this.#sessions.get(session);
    if (spans === undefined) this.#sessions.set(session, [span]);
    else spans.push(span);
  }

  /** Per session, its state over time: ordered, without overlap, neighbours of the same state joined. */
  *sessions(): Generator<StateSpan[]> {
    for (const spans of this.#sessions.values()) yield mergeDocuments(spans);
  }
}

/** The most active state at each instant over overlapping spans of one session. */
export function mergeDocuments(spans: readonly StateSpan[]): StateSpan[] {
  const ordered = spans.filter((span) => span.ended > span.started).toSorted((a, b) => a.started - b.started);
  if (!overlaps(ordered)) return joinNeighbours(ordered);
  return joinNeighbours(sweepStates(ordered));
}

function overlaps(ordered: readonly StateSpan[]): boolean {
  return ordered.some((span, i) => span.started < (ordered[i - 1]?.ended ?? 0));
}

function joinNeighbours(ordered: readonly StateSpan[]): StateSpan[] {
  const joined: StateSpan[] = [];
  for (const span of ordered) {
    const last = joined.at(-1);
    if (last !== undefined && last.ended === span.started && last.state === span.state)
      last.ended = span.ended;
    else joined.push({ ...span });
  }
  return joined;
}

function sweepStates(spans: readonly StateSpan[]): StateSpan[] {
  const changes = spans
    .flatMap((span) => [
      { at: span.started, state: span.state, by: 1 },
      { at: span.ended, state: span.state, by: -1 },
    ])
    .toSorted((a, b) => a.at - b.at);
  const open = [0, 0, 0, 0];
  const result: StateSpan[] = [];
  let from = changes[0]?.at ?? 0;
  for (const { at, state, by } of changes) {
    const current = open.findIndex((count) => count > 0);
    if (at > from && current > 0) result.push({ started: from, ended: at, state: current });
    from = at;
    open[state] = (open[state] ?? 0) + by;
  }
  return result;
}

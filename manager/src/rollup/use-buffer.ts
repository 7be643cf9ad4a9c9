/** A stretch of one session in one state, after its documents are merged: `ended` is exclusive. */
export interface StateSpan {
  started: number;
  ended: number;
  state: number;
}

/** A session of an account: its agent, and its id (int8 of the table), which is the agent's own. */
export interface SessionKey {
  agent: number;
  session: bigint;
}

/**
 * Segments of one application, gathered by session. Documents of a session may overlap: the session's state at an
 * instant is the most active of them (product.md), so time by state is not a sum over segments.
 */
export class UseBuffer {
  readonly #agents = new Map<number, Map<bigint, StateSpan[]>>();
  /** Instants at which a session began for the first time ever. */
  readonly starts: number[] = [];

  push({ agent, session }: SessionKey, span: StateSpan, isStart: boolean): void {
    if (isStart) this.starts.push(span.started);
    const sessions = this.#sessionsOf(agent);
    const spans = sessions.get(session);
    if (spans === undefined) sessions.set(session, [span]);
    else spans.push(span);
  }

  /** Per session, its state over time: ordered, without overlap, neighbours of the same state joined. */
  *sessions(): Generator<StateSpan[]> {
    for (const sessions of this.#agents.values())
      for (const spans of sessions.values()) yield mergeDocuments(spans);
  }

  #sessionsOf(agent: number): Map<bigint, StateSpan[]> {
    const known = this.#agents.get(agent);
    if (known !== undefined) return known;
    const made = new Map<bigint, StateSpan[]>();
    this.#agents.set(agent, made);
    return made;
  }
}

/** The most active state at each instant over overlapping spans of one session. */
export function mergeDocuments(spans: readonly StateSpan[]): StateSpan[] {
  // Most sessions have one document at a time, and their segments come in order.
  if (follow(spans)) return joinNeighbours(spans);
  const ordered = spans.filter((span) => span.ended > span.started).toSorted((a, b) => a.started - b.started);
  return joinNeighbours(follow(ordered) ? ordered : sweepStates(ordered));
}

/** Whether each begins at or after the end of the one before. */
function follow(spans: readonly StateSpan[]): boolean {
  let last = Number.NEGATIVE_INFINITY;
  for (const { started, ended } of spans) {
    if (started < last) return false;
    last = ended;
  }
  return true;
}

function joinNeighbours(ordered: readonly StateSpan[]): StateSpan[] {
  const joined: StateSpan[] = [];
  let last: StateSpan | undefined;
  for (const span of ordered) {
    if (span.ended <= span.started) continue;
    if (last?.ended === span.started && last.state === span.state) {
      last.ended = span.ended;
    } else {
      last = { started: span.started, ended: span.ended, state: span.state };
      joined.push(last);
    }
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

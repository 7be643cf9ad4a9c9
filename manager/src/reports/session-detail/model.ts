import {
  causeName,
  stateName,
  type DetailDocument,
  type DetailSegment,
  type StateTimes,
} from '@process-meter/contract';
import type { StoredDocument, StoredSegment } from './store.ts';

/** Documents with their segments and times. A document whose segments are still on the way has none. */
export function documentList(
  documents: readonly StoredDocument[],
  segments: readonly StoredSegment[],
): DetailDocument[] {
  const byDocument = Map.groupBy(segments, (segment) => segment.document);
  return documents.map(({ closeCause, ...document }) => {
    const own = (byDocument.get(document.id) ?? []).map(detailSegment);
    return {
      ...document,
      closeCause: closeCause === null ? null : (causeName(closeCause) ?? null),
      segments: own,
      ...timesOf(own),
    };
  });
}

/**
 * The session's line: at each instant the most active of its documents, with the cause of the segment that makes it so.
 * Neighbours in the same state are one.
 */
export function sessionLine(segments: readonly StoredSegment[]): DetailSegment[] {
  const cuts = [...new Set(segments.flatMap((segment) => [segment.from, segment.to]))].toSorted(
    (a, b) => a - b,
  );
  const ordered = segments.toSorted((a, b) => a.from - b.from);
  const line: DetailSegment[] = [];
  let running: StoredSegment[] = [];
  let next = 0;
  cuts.slice(0, -1).forEach((from, i) => {
    const to = cuts[i + 1] ?? from;
    running = running.filter((segment) => segment.to > from);
    for (; (ordered[next]?.from ?? Infinity) <= from; next += 1) {
      const segment = ordered[next];
      if (segment !== undefined && segment.to > from) running.push(segment);
    }
    const top = mostActive(running);
    if (top !== undefined) append(line, { ...detailSegment(top), from, to });
  });
  return line;
}

export function timesOf(segments: readonly DetailSegment[]): StateTimes {
  const sum = (state: DetailSegment['state']): number =>
    segments
      .filter((segment) => segment.state === state)
      .reduce((ms, segment) => ms + segment.to - segment.from, 0);
  return { activeMs: sum('active'), inactiveMs: sum('inactive'), timeoutMs: sum('timeout') };
}

/** Of the running segments the most active; among equals the one that began last, whose cause made the change. */
function mostActive(running: readonly StoredSegment[]): StoredSegment | undefined {
  return running.reduce<StoredSegment | undefined>((top, segment) => {
    if (top === undefined || segment.state < top.state) return segment;
    return segment.state === top.state && segment.from > top.from ? segment : top;
  }, undefined);
}

function append(line: DetailSegment[], piece: DetailSegment): void {
  const last = line.at(-1);
  if (last === undefined || last.to !== piece.from || last.state !== piece.state) {
    line.push(piece);
    return;
  }
  last.to = piece.to;
  last.open = piece.open;
}

function detailSegment(segment: StoredSegment): DetailSegment {
  return {
    from: segment.from,
    to: segment.to,
    state: stateName(segment.state) ?? 'timeout',
    cause: causeName(segment.cause) ?? 'opened',
    open: segment.open,
  };
}

import type { ConcurrentUse, UsePoint } from '@process-meter/contract';

export interface TableRow {
  readonly at: number;
  readonly lengthMs: number;
  readonly active: number;
  readonly inactive: number;
  readonly timeout: number;
  readonly open: number;
  readonly peak: number;
  /** Share of the agents' data that is here; null when no agent was expected. */
  readonly known: number | null;
}

const MOST = 300;

function knownAt(report: ConcurrentUse, from: number, to: number): number | null {
  const shares = report.completeness.slots
    .filter((slot) => slot.from < to && slot.to > from && slot.share !== null)
    .map((slot) => slot.share ?? 0);
  return shares.length === 0 ? null : Math.min(...shares);
}

function rowOf(report: ConcurrentUse, point: UsePoint): TableRow {
  // Averages divide by the real length: the running step has lasted only until now.
  const lasted = Math.max(1, Math.min(point.lengthMs, report.until - point.at));
  const mean = (ms: number): number => ms / lasted;
  return {
    at: point.at,
    lengthMs: point.lengthMs,
    active: mean(point.activeMs),
    inactive: mean(point.inactiveMs),
    timeout: mean(point.timeoutMs),
    open: mean(point.activeMs + point.inactiveMs + point.timeoutMs),
    peak: point.peak,
    known: knownAt(report, point.at, point.at + lasted),
  };
}

/** Rows of the table twin: the steps with something open, and how many steps there are in all. */
export function tableRows(
  report: ConcurrentUse,
  byPoint: boolean,
): { rows: TableRow[]; used: number; all: number } {
  const source = (byPoint ? report.points : report.table).filter((point) => point.at < report.until);
  const used = source.filter((point) => point.peak > 0);
  return {
    rows: used.slice(0, MOST).map((point) => rowOf(report, point)),
    used: used.length,
    all: source.length,
  };
}

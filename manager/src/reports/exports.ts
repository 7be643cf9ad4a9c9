import type { ConcurrentUse, SessionDetail, SessionRow } from '@process-meter/contract';
import { csvLine, isoInZone } from './csv.ts';

const seconds = (ms: number): number => Math.round(ms) / 1000;

/** Concurrent Use as CSV: the points of the step asked for. */
export function* concurrentUseCsv(report: ConcurrentUse): Generator<string> {
  yield csvLine([
    'from',
    'application',
    'step',
    'active',
    'inactive',
    'timeout',
    'peak',
    'active_s',
    'inactive_s',
    'timeout_s',
    'length_s',
  ]);
  for (const point of report.points) {
    yield csvLine([
      isoInZone(point.at, report.zone),
      report.application?.name ?? '',
      report.step,
      point.active,
      point.inactive,
      point.timeout,
      point.peak,
      seconds(point.activeMs),
      seconds(point.inactiveMs),
      seconds(point.timeoutMs),
      seconds(point.lengthMs),
    ]);
  }
}

/** Session Summary as CSV, row by row as they come. */
export async function* sessionsCsv(rows: AsyncIterable<SessionRow>, zone: string): AsyncGenerator<string> {
  yield csvLine([
    'session',
    'application',
    'user',
    'computer',
    'desktop',
    'started',
    'ended',
    'end_cause',
    'state',
    'documents',
    'active_s',
    'inactive_s',
    'timeout_s',
  ]);
  for await (const row of rows) {
    yield csvLine([
      row.session,
      row.application.name,
      row.user,
      row.computer,
      row.desktop,
      isoInZone(row.started, zone),
      isoInZone(row.ended, zone),
      row.endCause,
      row.state,
      row.documents,
      seconds(row.activeMs),
      seconds(row.inactiveMs),
      seconds(row.timeoutMs),
    ]);
  }
}

/** Session Detail as CSV: a row a segment. */
export function* sessionDetailCsv(report: SessionDetail): Generator<string> {
  yield csvLine(['session', 'document', 'path', 'from', 'to', 'state', 'cause', 'length_s', 'open']);
  for (const document of report.documentList) {
    for (const segment of document.segments) {
      yield csvLine([
        report.session,
        document.name,
        document.path,
        isoInZone(segment.from, report.zone),
        isoInZone(segment.to, report.zone),
        segment.state,
        segment.cause,
        seconds(segment.to - segment.from),
        segment.open ? 'yes' : 'no',
      ]);
    }
  }
}

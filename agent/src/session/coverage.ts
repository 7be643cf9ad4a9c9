import { CAUSE, COVERAGE_CAP_MS, type CauseCode } from '@process-meter/contract';
import type { EmitRecord } from './sample.ts';

export interface Coverage {
  /** Start of the running interval; null while nothing is watched. */
  from: number | null;
}

export function startCoverage(coverage: Coverage, at: number): void {
  coverage.from ??= at;
}

/** Cuts the running interval at each quarter-hour that has passed. */
export function advanceCoverage(coverage: Coverage, now: number, emit: EmitRecord): void {
  while (coverage.from !== null) {
    const cutAt = (Math.floor(coverage.from / COVERAGE_CAP_MS) + 1) * COVERAGE_CAP_MS;
    if (now < cutAt) return;
    emit({ kind: 'coverage', from: coverage.from, to: cutAt, cause: CAUSE.cut });
    coverage.from = cutAt;
  }
}

/** Ends the running interval: from `at` on nothing is known. */
export function endCoverage(coverage: Coverage, at: number, cause: CauseCode, emit: EmitRecord): void {
  advanceCoverage(coverage, at, emit);
  if (coverage.from !== null && at > coverage.from)
    emit({ kind: 'coverage', from: coverage.from, to: at, cause });
  coverage.from = null;
}

import type { Kysely } from 'kysely';
import * as chain from './0001-chain.ts';
import * as closingAndLimits from './0002-closing-and-limits.ts';
import * as knownMissing from './0003-known-missing.ts';
import * as deadLetters from './0004-dead-letters.ts';
import * as completenessRollup from './0006-completeness-rollup.ts';
import * as declaredResources from './0007-declared-resources.ts';
import * as useDay from './0008-use-day.ts';
import * as sessionTimes from './0009-session-times.ts';
import * as restored from './0010-restored.ts';
import * as coverageAgentDay from './0011-coverage-agent-day.ts';

export interface MigrationModule {
  /** Older binaries must not run on a schema with this migration. */
  breaking: boolean;
  up: (db: Kysely<unknown>) => Promise<void>;
}

/** Every migration by the name of its file, in order, forward only. What shipped is never changed. */
export const MIGRATIONS: Readonly<Record<string, MigrationModule>> = {
  '0001-chain': chain,
  '0002-closing-and-limits': closingAndLimits,
  '0003-known-missing': knownMissing,
  '0004-dead-letters': deadLetters,
  '0006-completeness-rollup': completenessRollup,
  '0007-declared-resources': declaredResources,
  '0008-use-day': useDay,
  '0009-session-times': sessionTimes,
  '0010-restored': restored,
  '0011-coverage-agent-day': coverageAgentDay,
};

import type { Kind } from '../schema/kind.ts';
import { applicationPolicy } from './application-policy.ts';
import { ingest } from './ingest.ts';
import { licensePool } from './license-pool.ts';
import { licenseServer } from './license-server.ts';
import { manager } from './manager.ts';
import { monitoredApplication } from './monitored-application.ts';
import { portal } from './portal.ts';
import { processMeterBackup } from './process-meter-backup.ts';
import { processMeterRestore } from './process-meter-restore.ts';
import { processMeter } from './process-meter.ts';
import { rentalOffer } from './rental-offer.ts';

/** Every kind, platform first. */
export const KINDS = [
  processMeter,
  manager,
  ingest,
  portal,
  processMeterBackup,
  processMeterRestore,
  monitoredApplication,
  licensePool,
  applicationPolicy,
  licenseServer,
  rentalOffer,
] as const satisfies readonly Kind[];

export type KindName = (typeof KINDS)[number]['kind'];

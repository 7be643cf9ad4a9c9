import { processMeterBackupExamples, processMeterRestoreExamples } from './backup.ts';
import type { Examples } from './example.ts';
import {
  applicationPolicyExamples,
  licensePoolExamples,
  licenseServerExamples,
  monitoredApplicationExamples,
  rentalOfferExamples,
} from './licensing.ts';
import { ingestExamples, managerExamples, portalExamples } from './parts.ts';
import { processMeterExamples } from './process-meter.ts';

export type { Examples, InvalidExample, ValidExample, Written } from './example.ts';

/** Valid and invalid objects of every kind, in the order of the kinds. */
export const EXAMPLES: readonly Examples[] = [
  processMeterExamples,
  managerExamples,
  ingestExamples,
  portalExamples,
  processMeterBackupExamples,
  processMeterRestoreExamples,
  monitoredApplicationExamples,
  licensePoolExamples,
  applicationPolicyExamples,
  licenseServerExamples,
  rentalOfferExamples,
];

import { writeFileSync } from 'node:fs';
import type { BackupResult } from '@process-meter/contract';
import { VERSION } from '../version.ts';
import type { Digests, Manifest } from './manifest.ts';
import type { Measured } from './measure.ts';

/** What an archive says of itself. */
export interface Contents {
  manifest: Manifest;
  digests: Digests;
}

/** A backup that was written or read, in figures. */
export function resultOf(location: string, file: Measured, { manifest, digests }: Contents): BackupResult {
  return {
    location,
    bytes: file.bytes,
    sha256: file.sha256,
    asOf: manifest.asOf,
    tables: manifest.tables.length,
    rows: Object.values(digests.tables).reduce((sum, digest) => sum + digest.rows, 0),
    files: Object.keys(digests.files).length,
    schemaVersion: manifest.migrations.at(-1) ?? 'none',
    version: VERSION,
  };
}

/** Writes into a file that may be there already: that of a container's termination message is. */
export function writeResult(file: string | undefined, result: BackupResult): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(result)}\n`);
}

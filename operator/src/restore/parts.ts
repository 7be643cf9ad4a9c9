import type { SecretReader } from '../platform/secret-reader.ts';
import type { Release } from '../release/catalogue.ts';
import type { KubeClient, KubeObject, Lister } from '../runtime/index.ts';

/** What the steps of a restore work with. */
export interface Parts {
  client: KubeClient;
  meters: Lister;
  deployments: Lister;
  secrets: SecretReader;
  releases: readonly Release[];
  /** ms since 1970 */
  now: () => number;
}

const UID_DIGITS = 8;

/** The database that a restore in place makes on the server of the installation. */
export function databaseOf({ metadata }: KubeObject): string {
  return `meter_restored_${(metadata.uid ?? '').slice(0, UID_DIGITS)}`;
}

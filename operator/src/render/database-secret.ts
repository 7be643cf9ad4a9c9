import type { Installation } from './installation.ts';

/** The Secret that says where the database of an installation is. */
export function databaseSecretOf({ spec, names }: Pick<Installation, 'spec' | 'names'>): {
  name: string;
  key: string;
} {
  const { external, cloudNativePG } = spec.database;
  const cluster = cloudNativePG?.clusterRef?.name ?? names.postgres;
  const own = { name: cloudNativePG === undefined ? names.postgres : `${cluster}-app`, key: 'uri' };
  return external?.secretRef ?? own;
}

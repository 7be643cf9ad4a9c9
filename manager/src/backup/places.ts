import { folderPlace, storedFile } from './folder.ts';
import type { Place, StoredBackup } from './place.ts';

const isBucket = (address: string): boolean => address.startsWith('s3://');

/** The folder or bucket of `--to`. What speaks to buckets is loaded for buckets only. */
export async function placeAt(address: string, env: NodeJS.ProcessEnv): Promise<Place> {
  if (!isBucket(address)) return folderPlace(address);
  const { bucketPlaceAt } = await import('./bucket-place.ts');
  return bucketPlaceAt(address, env);
}

/** The file or object of `--from`. */
export async function storedAt(address: string, env: NodeJS.ProcessEnv): Promise<StoredBackup> {
  if (!isBucket(address)) return storedFile(address);
  const { storedObjectAt } = await import('./bucket-place.ts');
  return storedObjectAt(address, env);
}

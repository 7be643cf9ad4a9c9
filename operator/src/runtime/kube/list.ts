import { z } from 'zod';
import { KubeError } from './errors.ts';
import { apiVersionOf, type KubeObject, type Resource } from './object.ts';
import { collectionPath, query } from './path.ts';
import type { ListOptions } from './client.ts';
import type { Transport } from './transport.ts';

export const METADATA_ONLY = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  object: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
};

const PAGE = 500;

const pageSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().optional(), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullish(),
});

export interface ListCall extends ListOptions {
  metadataOnly?: boolean;
  signal?: AbortSignal;
}

/**
 * Reads a whole collection in pages. If the snapshot expires between two pages, it is read again at once and
 * unpaged, so that a slow reader of a busy collection comes to an end.
 */
export async function readList(
  transport: Transport,
  resource: Resource,
  call: ListCall = {},
): Promise<{ items: KubeObject[]; resourceVersion: string }> {
  try {
    return await readPages(transport, resource, { call, limit: PAGE });
  } catch (error) {
    if (!(error instanceof KubeError && error.expired)) throw error;
    return readPages(transport, resource, { call, limit: undefined });
  }
}

async function readPages(
  transport: Transport,
  resource: Resource,
  { call, limit }: { call: ListCall; limit: number | undefined },
): Promise<{ items: KubeObject[]; resourceVersion: string }> {
  const items: KubeObject[] = [];
  let token: string | undefined;
  let resourceVersion = '';
  do {
    const page = pageSchema.parse(
      await transport.json({
        method: 'GET',
        path: collectionPath(resource, call.namespace) + query(call, { limit, continue: token }),
        accept: call.metadataOnly === true ? METADATA_ONLY.list : 'application/json',
        signal: call.signal,
      }),
    );
    for (const item of page.items ?? []) items.push(readObject(item, resource));
    resourceVersion = page.metadata.resourceVersion ?? resourceVersion;
    token = page.metadata.continue;
  } while (token !== undefined && token !== '');
  return { items, resourceVersion };
}

/** Checks that it is an object with a name, and gives it the kind that items of lists leave out. */
export function readObject(value: unknown, resource: Resource): KubeObject {
  if (!isNamed(value)) throw new KubeError({ status: 0, message: `not a ${resource.kind}: no name` });
  return Object.assign(value, { apiVersion: apiVersionOf(resource), kind: resource.kind });
}

function isNamed(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  const { metadata } = value;
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    'name' in metadata &&
    typeof metadata.name === 'string'
  );
}

import { isDeepStrictEqual } from 'node:util';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject, Resource } from '../kube/object.ts';

export interface StatusWriterOptions {
  resource: Resource;
  /** Field manager of the status alone; another one than that of the objects. */
  manager: string;
}

/** Writes the status of the objects of one resource, of which it is the only writer, when it differs. */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #options: StatusWriterOptions;
  /** What was written on top of which cached version: the cache lags behind our own writes. */
  readonly #written = new Map<string, { base: string; status: unknown }>();

  constructor(client: KubeClient, options: StatusWriterOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** The newest status known of a cached object; start from it, not from the cache. */
  current(object: KubeObject): unknown {
    const written = this.#written.get(object.metadata.uid ?? '');
    const uptodate = written !== undefined && written.base === object.metadata.resourceVersion;
    return uptodate ? written.status : object['status'];
  }

  /** Whether writing `status` would change anything. Compared as JSON, so undefined is nothing. */
  differs(object: KubeObject, status: Record<string, unknown>): boolean {
    return !isDeepStrictEqual(plain(status), this.current(object) ?? {});
  }

  /**
   * Writes `status` unless it is there already; answers whether it wrote. An object that is gone has no status to write.
   */
  async write(object: KubeObject, status: Record<string, unknown>, signal: AbortSignal): Promise<boolean> {
    const wanted = plain(status);
    if (isDeepStrictEqual(wanted, this.current(object) ?? {})) return false;
    const { resource, manager } = this.#options;
    try {
      await this.#client.applyStatus(resource, { ...object, status: wanted }, { manager, signal });
    } catch (error) {
      const gone = error instanceof KubeError && error.notFound;
      if (gone) this.forget(object);
      if (!gone) throw error;
      return false;
    }
    const { uid = '', resourceVersion = '' } = object.metadata;
    this.#written.set(uid, { base: resourceVersion, status: wanted });
    return true;
  }

  /** The object was deleted. */
  forget(object: KubeObject): void {
    this.#written.delete(object.metadata.uid ?? '');
  }
}

function plain(status: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(status));
}

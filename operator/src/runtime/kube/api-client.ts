import type { ApplyOptions, CallOptions, DeleteOptions, KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { readList, readObject } from './list.ts';
import { apiVersionOf, keyOf, type KubeObject, type ObjectKey, type Resource } from './object.ts';
import { objectPath, query } from './path.ts';
import type { RequestSpec, Transport } from './transport.ts';

/** This process may no longer write: another one may be leading. */
export class NotLeaderError extends Error {
  constructor(what: string) {
    super(`${what}: this process does not lead`);
    this.name = 'NotLeaderError';
  }
}

export interface ClientOptions {
  /** Asked right before each write; default: always. */
  mayWrite?: () => boolean;
  /** For leases: past the rate limit, one try, short. */
  urgent?: { timeoutMs: number };
}

type Call = (spec: RequestSpec, resource: Resource) => Promise<KubeObject>;

/** The client on a transport. */
export function createClient(transport: Transport, options: ClientOptions = {}): KubeClient {
  const urgent = options.urgent && { urgent: true, retry: false, timeoutMs: options.urgent.timeoutMs };
  const raw = (spec: RequestSpec) => {
    const check = () => {
      if (options.mayWrite?.() === false) throw new NotLeaderError(`${spec.method} ${spec.path}`);
    };
    return transport.json({ ...spec, ...urgent, check: spec.method === 'GET' ? undefined : check });
  };
  const call: Call = async (spec, resource) => readObject(await raw(spec), resource);
  return {
    ...readers(transport, call, raw),
    ...writers(call),
    delete: (resource, key, deletion = {}) => remove(raw, resource, { key, options: deletion }),
  };
}

type Raw = (spec: RequestSpec) => Promise<unknown>;

function readers(transport: Transport, call: Call, raw: Raw): Pick<KubeClient, 'get' | 'list' | 'serves'> {
  return {
    get: async (resource, key, { signal } = {}) =>
      orUndefined(call({ method: 'GET', path: objectPath(resource, key), signal }, resource)),
    list: async (resource, options = {}) => (await readList(transport, resource, options)).items,
    serves: async (resource, { signal } = {}) => {
      const path = resource.group === '' ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`;
      const found = await orUndefined(raw({ method: 'GET', path, signal }));
      return namesOf(found).includes(resource.plural);
    },
  };
}

function writers(call: Call): Pick<KubeClient, 'create' | 'replace' | 'apply' | 'applyStatus' | 'merge'> {
  const apply = async (resource: Resource, body: KubeObject, path: string, options: ApplyOptions) =>
    call(
      {
        method: 'PATCH',
        path:
          path + query({}, { fieldManager: options.manager, force: true, dryRun: options.dryRun && 'All' }),
        body,
        contentType: 'application/apply-patch+yaml',
        signal: options.signal,
      },
      resource,
    );
  return {
    create: async (resource, body, { signal }: CallOptions = {}) =>
      call({ method: 'POST', path: parentPath(resource, body), body, signal }, resource),
    replace: async (resource, body, { signal }: CallOptions = {}) =>
      call({ method: 'PUT', path: objectPath(resource, keyOf(body)), body, signal }, resource),
    apply: async (resource, object, options) =>
      apply(resource, object, objectPath(resource, keyOf(object)), options),
    applyStatus: async (resource, object, options) =>
      apply(resource, statusOnly(object), objectPath(resource, keyOf(object), 'status'), options),
    merge: async (resource, key, body, { signal }: CallOptions = {}) =>
      call(
        {
          method: 'PATCH',
          path: objectPath(resource, key),
          body,
          contentType: 'application/merge-patch+json',
          signal,
        },
        resource,
      ),
  };
}

async function remove(
  raw: Raw,
  resource: Resource,
  { key, options }: { key: ObjectKey; options: DeleteOptions },
): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: options.propagation ?? 'Background',
    ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
  };
  try {
    await raw({ method: 'DELETE', path: objectPath(resource, key), body, signal: options.signal });
  } catch (error) {
    const gone =
      error instanceof KubeError && (error.notFound || (error.conflict && options.uid !== undefined));
    if (!gone) throw error;
  }
}

/** The uid is a precondition: a new object of the same name must not get the old one's status. */
function statusOnly(object: KubeObject): KubeObject {
  const { name, namespace, uid } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
    status: object['status'],
  };
}

/** Of the collection that a new object goes to; it has the checks of the object's own path. */
function parentPath(resource: Resource, object: KubeObject): string {
  const path = objectPath(resource, keyOf(object));
  return path.slice(0, path.lastIndexOf('/'));
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.notFound) return undefined;
    throw error;
  }
}

function namesOf(discovery: unknown): string[] {
  if (typeof discovery !== 'object' || discovery === null || !('resources' in discovery)) return [];
  const { resources } = discovery;
  if (!Array.isArray(resources)) return [];
  return resources.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'name' in one && typeof one.name === 'string' && !isEnding(one)
      ? [one.name]
      : [],
  );
}

/** A definition that is being deleted is served until all its objects are, but takes no new ones. */
function isEnding(resource: object): boolean {
  return 'verbs' in resource && Array.isArray(resource.verbs) && !resource.verbs.includes('create');
}

import { apiServer, type ApiServer } from '@process-meter/e2e/kubernetes/api-server';
import type { Lab } from '@process-meter/e2e/lab';
import { API_VERSION } from '@process-meter/crds';
import { z } from 'zod';
import type { Resource } from './objects.ts';

const listSchema = z.object({
  metadata: z.object({ continue: z.string().optional() }),
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({
        name: z.string(),
        uid: z.string(),
        generation: z.number(),
        creationTimestamp: z.string(),
      }),
      spec: z.record(z.string(), z.unknown()),
    }),
  ),
});
export type Stored = z.infer<typeof listSchema>['items'][number];

/** The calls that bring resources to a Manager cost, and nothing else: no cache, no queue, no conditions that change. */
export interface Calls {
  create(namespace: string, resource: Resource): Promise<void>;
  /** In pages of 500. */
  list(namespace: string, plural: string): Promise<Stored[]>;
  applyStatus(
    namespace: string,
    resource: Pick<Resource, 'kind' | 'plural' | 'name'>,
    status: object,
  ): Promise<void>;
  close(): void;
}

export function calls(lab: Lab): Calls {
  const api = apiServer(lab);
  const send: ApiServer['call'] = async (verb, path, body) => {
    const answer = await api.call(verb, path, body);
    if (answer.status >= 300) throw new Error(`${verb} ${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  };
  const pathOf = (namespace: string, plural: string): string =>
    `/apis/${API_VERSION}/namespaces/${namespace}/${plural}`;
  return {
    async create(namespace, { kind, plural, name, spec }) {
      const object = { apiVersion: API_VERSION, kind, metadata: { name }, spec };
      await send('POST', pathOf(namespace, plural), object);
    },
    async list(namespace, plural) {
      const found: Stored[] = [];
      for (let next: string | undefined = ''; next !== undefined;) {
        const query = `?limit=500${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
        const { body } = await send('GET', pathOf(namespace, plural) + query);
        const page: z.infer<typeof listSchema> = listSchema.parse(body);
        found.push(...page.items);
        next = page.metadata.continue === '' ? undefined : page.metadata.continue;
      }
      return found;
    },
    async applyStatus(namespace, { kind, plural, name }, status) {
      const path = `${pathOf(namespace, plural)}/${name}/status?fieldManager=loop&force=true`;
      await send('APPLY', path, { apiVersion: API_VERSION, kind, metadata: { name, namespace }, status });
    },
    close: () => api.close(),
  };
}

/** Runs a task for each item, so many at a time. */
export async function forEach<T>(
  items: readonly T[],
  atOnce: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = items[next++]; item !== undefined; item = items[next++]) await task(item);
    }),
  );
}

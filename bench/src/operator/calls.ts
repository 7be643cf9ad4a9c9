import { Agent, request } from 'node:https';
import { z } from 'zod';
import type { Lab } from '@process-meter/e2e/lab';
import type { Resource } from './objects.ts';

const GROUP = 'processmeter.io/v1alpha1';
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

export function calls(lab: Lab, connections: number): Calls {
  const agent = new Agent({
    ca: lab.ca,
    cert: part(lab.kubeconfig, 'client-certificate-data'),
    key: part(lab.kubeconfig, 'client-key-data'),
    keepAlive: true,
    maxSockets: connections,
  });
  const send = (method: string, path: string, type: string, body?: object): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers = { accept: 'application/json', 'content-type': type };
      const sent = request(`${lab.url}${path}`, { agent, method, headers, timeout: 30_000 });
      sent.once('timeout', () => sent.destroy(new Error(`${path} does not answer`)));
      sent.once('error', reject);
      sent.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.once('error', reject);
        response.once('end', () => {
          if ((response.statusCode ?? 0) >= 300) reject(new Error(`${method} ${path}: ${text}`));
          else resolve(JSON.parse(text));
        });
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const pathOf = (namespace: string, plural: string): string =>
    `/apis/${GROUP}/namespaces/${namespace}/${plural}`;
  return {
    async create(namespace, { kind, plural, name, spec }) {
      const object = { apiVersion: GROUP, kind, metadata: { name }, spec };
      await send('POST', pathOf(namespace, plural), 'application/json', object);
    },
    async list(namespace, plural) {
      const found: Stored[] = [];
      for (let next: string | undefined = ''; next !== undefined;) {
        const query = `?limit=500${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
        const answer = await send('GET', pathOf(namespace, plural) + query, 'application/json');
        const page: z.infer<typeof listSchema> = listSchema.parse(answer);
        found.push(...page.items);
        next = page.metadata.continue === '' ? undefined : page.metadata.continue;
      }
      return found;
    },
    async applyStatus(namespace, { kind, plural, name }, status) {
      const path = `${pathOf(namespace, plural)}/${name}/status?fieldManager=loop&force=true`;
      await send('PATCH', path, 'application/apply-patch+yaml', {
        apiVersion: GROUP,
        kind,
        metadata: { name, namespace },
        status,
      });
    },
    close: () => agent.destroy(),
  };
}

function part(kubeconfig: string, key: string): string {
  const found = new RegExp(`${key}"?: ?"?([A-Za-z0-9+/=]+)`).exec(kubeconfig)?.[1];
  if (found === undefined) throw new Error(`the kubeconfig has no ${key}`);
  return Buffer.from(found, 'base64').toString('utf8');
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

import { z } from 'zod';
import type { ApiClient } from '../api-client.ts';
import { TYPE_A, type Answer, type Question } from './message.ts';

const ZONE = '.svc.cluster.local';
const SLICE_LABEL = 'kubernetes.io/service-name';

const serviceSchema = z.object({
  spec: z.object({
    clusterIP: z.string().default(''),
    publishNotReadyAddresses: z.boolean().default(false),
  }),
});
const sliceListSchema = z.object({
  items: z.array(
    z.object({
      endpoints: z
        .array(
          z.object({
            addresses: z.array(z.string()),
            hostname: z.string().optional(),
            conditions: z.object({ ready: z.boolean().default(true) }).default({ ready: true }),
          }),
        )
        .nullish(),
    }),
  ),
});

const NO_NAME: Answer = { rcode: 'noSuchName', addresses: [] };

/**
 * Answers with what the API server holds at this moment: nothing is kept, so nothing is stale. While it does not
 * answer, names that were known keep their last addresses.
 */
export function clusterNames(api: ApiClient, url: string): (question: Question) => Promise<Answer> {
  const known = new Map<string, Answer>();
  return async ({ name, type }) => {
    const found = await lookUp(api, url, name).catch(
      (): Answer => known.get(name) ?? { rcode: 'serverFailure', addresses: [] },
    );
    if (found.rcode === 'ok') known.set(name, found);
    // A name that is there has no IPv6 address, which is something else than that it is not there.
    return type === TYPE_A ? found : { ...found, addresses: [] };
  };
}

async function lookUp(api: ApiClient, url: string, name: string): Promise<Answer> {
  if (!name.endsWith(ZONE)) return NO_NAME;
  const labels = name.slice(0, -ZONE.length).split('.');
  const [namespace, service, pod, ...more] = labels.toReversed();
  if (namespace === undefined || service === undefined || more.length > 0) return NO_NAME;
  const found = await api.get(`${url}/api/v1/namespaces/${namespace}/services/${service}`);
  if (found.status === 404) return NO_NAME;
  const { spec } = serviceSchema.parse(JSON.parse(found.body));
  if (spec.clusterIP !== 'None')
    return pod === undefined
      ? { rcode: 'ok', addresses: [spec.clusterIP].filter((ip) => ip !== '') }
      : NO_NAME;
  const selector = encodeURIComponent(`${SLICE_LABEL}=${service}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`;
  const { body } = await api.get(`${url}${path}`);
  const addresses = sliceListSchema
    .parse(JSON.parse(body))
    .items.flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions.ready || spec.publishNotReadyAddresses)
    .filter(({ hostname }) => pod === undefined || hostname === pod)
    .flatMap((endpoint) => endpoint.addresses);
  return pod !== undefined && addresses.length === 0 ? NO_NAME : { rcode: 'ok', addresses };
}

import { z } from 'zod';
import type { ApiServer } from '../api-server.ts';
import { until } from '../owned-objects.ts';
import { NAMESPACE } from '../world.ts';

const SERVICE = `/api/v1/namespaces/${NAMESPACE}/services/meter-portal`;
const INGRESS = `/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/ingresses/meter-web`;
const PART_OF = 'app.kubernetes.io/part-of';

const objectSchema = z.object({
  metadata: z.object({ uid: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
});

export interface Meddling {
  /** Whether both are as they should be again. */
  isRepaired: () => Promise<boolean>;
  /** Waits for it. */
  repaired: () => Promise<void>;
}

/** Deletes one object of an operator and changes another. */
export async function meddle(api: ApiServer): Promise<Meddling> {
  const { uid } = objectSchema.parse((await api.call('GET', SERVICE)).body).metadata;
  const patch = { metadata: { labels: { [PART_OF]: 'by-hand' } } };
  const done = [await api.call('DELETE', SERVICE), await api.call('PATCH', INGRESS, patch)];
  const refused = done.find(({ status }) => status !== 200);
  if (refused !== undefined) throw new Error(`could not meddle: ${JSON.stringify(refused)}`);
  const isRepaired = async (): Promise<boolean> => {
    const [service, ingress] = [await api.call('GET', SERVICE), await api.call('GET', INGRESS)];
    if (service.status !== 200) return false;
    return (
      objectSchema.parse(service.body).metadata.uid !== uid &&
      objectSchema.parse(ingress.body).metadata.labels[PART_OF] === 'process-meter'
    );
  };
  return {
    isRepaired,
    repaired: () => until('what was deleted is there again, and what was changed is put right', isRepaired),
  };
}

import type { Lab } from '@process-meter/e2e/lab';
import { z } from 'zod';

const COMPONENT = 'app.kubernetes.io/component';

const listSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        uid: z.string(),
        labels: z.looseObject({ [COMPONENT]: z.string() }),
      }),
      spec: z.object({ nodeName: z.string().default('') }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

export interface PlacedPod {
  readonly name: string;
  readonly uid: string;
  /** Empty until it has one. */
  readonly node: string;
  readonly ready: boolean;
}

/** The pods of the parts of an installation, by component such as `nats`; no pods of Jobs that are through. */
export async function podsByPart(lab: Lab, namespace: string): Promise<Map<string, PlacedPod[]>> {
  const args = ['get', 'pods', '-n', namespace, '-l', COMPONENT, '--field-selector=status.phase!=Succeeded'];
  const { items } = listSchema.parse(JSON.parse(await lab.kubectl([...args, '-o', 'json'])));
  return Map.groupBy(
    items.map(({ metadata, spec, status }) => ({
      part: metadata.labels[COMPONENT],
      name: metadata.name,
      uid: metadata.uid,
      node: spec.nodeName,
      ready: status.conditions.some((one) => one.type === 'Ready' && one.status === 'True'),
    })),
    ({ part }) => part,
  );
}

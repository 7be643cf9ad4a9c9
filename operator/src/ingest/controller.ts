import { API_VERSION, ingest, ingestSpecSchema } from '@process-meter/crds';
import { partController, type PartDeps } from '../platform/part-controller.ts';
import { renderIngest, ingestSecrets } from '../render/parts.ts';
import type { ControllerOptions } from '../runtime/index.ts';

export function ingestController(deps: PartDeps): ControllerOptions {
  return partController(
    {
      kind: ingest,
      component: 'ingest',
      parse: ({ metadata, spec }) => ({
        apiVersion: API_VERSION,
        kind: 'Ingest' as const,
        metadata,
        spec: ingestSpecSchema.parse(spec),
      }),
      render: renderIngest,
      secrets: ingestSecrets,
      database: ({ spec }) => spec.database.secretRef,
    },
    deps,
  );
}

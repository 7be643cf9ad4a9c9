import { API_VERSION, manager, managerSpecSchema } from '@process-meter/crds';
import { partController, type PartDeps } from '../platform/part-controller.ts';
import { renderManager, managerSecrets } from '../render/parts.ts';
import type { ControllerOptions } from '../runtime/index.ts';

export function managerController(deps: PartDeps): ControllerOptions {
  return partController(
    {
      kind: manager,
      component: 'manager',
      parse: ({ metadata, spec }) => ({
        apiVersion: API_VERSION,
        kind: 'Manager' as const,
        metadata,
        spec: managerSpecSchema.parse(spec),
      }),
      render: renderManager,
      secrets: managerSecrets,
      database: ({ spec }) => spec.database.secretRef,
    },
    deps,
  );
}

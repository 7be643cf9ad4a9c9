import { API_VERSION, portal, portalSpecSchema } from '@process-meter/crds';
import { partController, type PartDeps } from '../platform/part-controller.ts';
import { renderPortal } from '../render/parts.ts';
import type { ControllerOptions } from '../runtime/index.ts';

export function portalController(deps: PartDeps): ControllerOptions {
  return partController(
    {
      kind: portal,
      component: 'portal',
      parse: ({ metadata, spec }) => ({
        apiVersion: API_VERSION,
        kind: 'Portal' as const,
        metadata,
        spec: portalSpecSchema.parse(spec),
      }),
      render: renderPortal,
      secrets: () => [],
    },
    deps,
  );
}

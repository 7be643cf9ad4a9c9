import type { Desired, KubeObject } from '../runtime/index.ts';
import { isReady, readyMessage, readStatus } from '../platform/status.ts';
import { ingestChild, managerChild, portalChild } from '../render/children.ts';
import { bindingsOf } from './bindings.ts';
import { done, make, wait, type Pass, type Step, type StepDeps, type StepResult } from './pass.ts';

type Part = 'Manager' | 'Ingest' | 'Portal';

/** Makes one part, and goes on when all its pods run the release. */
function childStep(part: Part, render: (pass: Pass) => Desired): Step {
  const run = async (pass: Pass, deps: StepDeps): Promise<StepResult> => {
    const [child] = await make(pass, deps, [render(pass)]);
    if (child === undefined) throw new Error(`no ${part} was made`);
    const ready = isReady(child);
    count(pass, part, { child, ready });
    if (!ready)
      return wait(`${part}NotReady`, `${part}: ${readyMessage(child) || 'has just been declared.'}`);
    return done(`${part}Ready`, readyMessage(child));
  };
  return { condition: `${part}Ready`, run };
}

function count(pass: Pass, part: Part, { child, ready }: { child: KubeObject; ready: boolean }): void {
  const { readyReplicas } = readStatus(child['status']);
  const { spec } = child;
  const replicas = typeof spec === 'object' && spec !== null && 'replicas' in spec ? spec.replicas : 0;
  pass.components.set(part, {
    name: part,
    ready: typeof readyReplicas === 'number' ? readyReplicas : 0,
    desired: typeof replicas === 'number' ? replicas : 0,
    ...(ready ? { version: pass.installation.release.version } : {}),
  });
}

export const managerStep = childStep('Manager', (pass) => managerChild(pass.installation, bindingsOf(pass)));
export const ingestStep = childStep('Ingest', (pass) => ingestChild(pass.installation, bindingsOf(pass)));
export const portalStep = childStep('Portal', (pass) => portalChild(pass.installation));

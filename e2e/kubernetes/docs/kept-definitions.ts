import { join } from 'node:path';
import type { Lab } from '@process-meter/e2e/lab';

const DEFINITIONS = join(import.meta.dirname, '../../../crds/generated');

/** The definitions as a chart leaves them that was uninstalled from a namespace: the next installation takes them over. */
export async function keepDefinitions(lab: Lab, namespace: string): Promise<void> {
  await lab.kubectl(['apply', '--server-side', '-f', DEFINITIONS]);
  await lab.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  await lab.kubectl([
    'annotate',
    'crd',
    '--all',
    'meta.helm.sh/release-name=process-meter-operator',
    `meta.helm.sh/release-namespace=${namespace}`,
  ]);
  await lab.kubectl(['label', 'crd', '--all', 'app.kubernetes.io/managed-by=Helm', '--overwrite']);
}

import { join } from 'node:path';
import type { Lab, LabOptions } from '@process-meter/e2e/lab';
import { startTestLab } from '@process-meter/e2e/lab/testing';
import { externalSecrets, inNamespace } from './installation.ts';
import { grantRights } from './operator-process.ts';

const DEFINITIONS = join(import.meta.dirname, '../../crds/generated');
export const NAMESPACE = 'metering';

/** A lab with the definitions, and a namespace that takes restricted pods only, in which the operator has its rights. */
export interface World {
  lab: Lab;
  namespace: string;
  /** Of the operator's account. */
  kubeconfig: string;
}

export async function startWorld(options: LabOptions = { nodes: 2 }): Promise<World> {
  const lab = await startLabWithDefinitions(options);
  const kubeconfig = await prepareNamespace(lab, NAMESPACE);
  await lab.apply(inNamespace(NAMESPACE, externalSecrets()));
  return { lab, namespace: NAMESPACE, kubeconfig };
}

export async function startLabWithDefinitions(options: LabOptions): Promise<Lab> {
  const lab = await startTestLab(options);
  await lab.kubectl(['apply', '--server-side', '--validate=ignore', '-f', DEFINITIONS]);
  await lab.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  return lab;
}

/** A namespace that takes restricted pods only, with the rights of an operator. @returns its kubeconfig */
export async function prepareNamespace(lab: Lab, name: string): Promise<string> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await lab.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
  return grantRights(lab, name);
}

import type { Lab } from '@process-meter/e2e/lab';
import { z } from 'zod';
import { apiServer } from '../api-server.ts';
import { startOperator, type OperatorProcess } from '../operator-process.ts';

const NAME = 'process-meter-operator';
const POLL_MS = 200;
const deploymentSchema = z.looseObject({
  status: z.looseObject({ readyReplicas: z.number().default(0) }).default({ readyReplicas: 0 }),
});

/**
 * Fake nodes run nothing: a process beside the lab is the operator for as long as its Deployment has a ready pod, with
 * the rights of the account that the chart made.
 */
export function runDeployedOperator(
  lab: Lab,
  namespace: string,
  env: Readonly<Record<string, string>> = {},
): { stop(): Promise<void> } {
  const api = apiServer(lab);
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${NAME}`;
  let process: OperatorProcess | undefined;
  let stopping = false;
  const look = async (): Promise<void> => {
    const { status, body } = await api.call('GET', path);
    const isWanted = status === 200 && deploymentSchema.parse(body).status.readyReplicas > 0;
    if (isWanted && process === undefined) {
      const kubeconfig = await lab.tokenKubeconfig({ namespace, name: NAME });
      process = startOperator({ kubeconfig, namespace }, env);
    }
    if (isWanted || process === undefined) return;
    await process.stop();
    process = undefined;
  };
  const followed = (async () => {
    while (!stopping) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  })();
  return {
    stop: async () => {
      stopping = true;
      await followed;
      await process?.stop();
      api.close();
    },
  };
}

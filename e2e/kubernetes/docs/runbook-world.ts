import type { Lab } from '@process-meter/e2e/lab';
import { KINDS } from '@process-meter/crds';
import { ScriptedManager } from '@process-meter/operator/testing/scripted-manager';
import { condition, inNamespace, untilReady } from '../installation.ts';
import { grantRights, startOperator, type OperatorProcess } from '../operator-process.ts';
import { until } from '../owned-objects.ts';
import { readerOf, type Reader } from './reader.ts';

/** A namespace with an operator of its own, in which things are made to go wrong. */
export interface RunbookWorld {
  readonly lab: Lab;
  readonly namespace: string;
  readonly reader: Reader;
  /** Answers the operator in place of the pods of the Manager, which are fake. */
  readonly manager: ScriptedManager;
  readonly kubectl: (...args: string[]) => Promise<string>;
  /** Applies objects in the namespace. */
  readonly apply: (objects: readonly object[]) => Promise<void>;
  /** Waits until a condition of an object has a reason. @throws when it does not get it */
  says(wanted: { what: string; type: string; reason: string }): Promise<void>;
  /** Waits until the installation is ready. */
  ready(): Promise<void>;
  /** All reasons that conditions of the installation and its parts have now. */
  reasons(): Promise<string[]>;
  /** The last that its operator logged. */
  operatorLog(): string;
  stop(): Promise<void>;
}

/** As in the chart: a busy machine is no reason to lose the lease. */
export const PATIENT = { PM_LEASE_MS: '15000' };
const SHORT = { PM_LOOK_AGAIN_MS: '1000', PM_FIGURES_MS: '2000' };

const EVERY_KIND = KINDS.map(({ plural }) => `${plural}.processmeter.io`).join(',');

export interface RunbookWorldOptions {
  namespace: string;
  /** File with the releases that the operator knows. */
  releasesFile: string;
}

export async function openRunbookWorld(
  lab: Lab,
  { namespace, releasesFile }: RunbookWorldOptions,
): Promise<RunbookWorld> {
  await lab.kubectl(['create', 'namespace', namespace]);
  const reader = await readerOf(lab, { helm: 3, namespace });
  const kubeconfig = await grantRights(lab, namespace);
  const manager = await startManager();
  const operator: OperatorProcess = startOperator(
    { kubeconfig, namespace },
    { ...PATIENT, ...SHORT, PM_RELEASES_FILE: releasesFile, PM_MANAGER_URL: manager.url },
  );
  return {
    lab,
    namespace,
    reader,
    manager,
    kubectl: (...args) => lab.kubectl([...args, '-n', namespace]),
    apply: (objects) => lab.apply(inNamespace(namespace, objects)),
    says: ({ what, type, reason }) =>
      until(`${type} of ${what} in ${namespace} is ${reason}`, async () => {
        return (await condition(lab, { what, namespace, type })).endsWith(` ${reason}`);
      }),
    ready: () => untilReady(lab, 'processmeter/meter', namespace),
    reasons: async () => {
      const path = '{range .items[*].status.conditions[*]}{.reason}{"\\n"}{end}';
      const text = await lab.kubectl(['get', EVERY_KIND, '-n', namespace, '-o', `jsonpath=${path}`]);
      return text.trim().split('\n');
    },
    operatorLog: () =>
      operator
        .log()
        .slice(-15)
        .map((line) => JSON.stringify(line))
        .join('\n'),
    stop: async () => {
      await operator.stop();
      await manager.stop();
    },
  };
}

/** A Manager that keeps what it is told, whoever tells it. */
export async function startManager(): Promise<ScriptedManager> {
  const manager = new ScriptedManager();
  manager.asksForToken = false;
  return manager.start();
}

const QUOTA = 'no-room';

/** Leaves no room for more of something, such as `pods`. */
export async function takeRoom({ apply, kubectl }: RunbookWorld, resource = 'pods'): Promise<void> {
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: QUOTA },
    spec: { hard: { [resource]: '0' } },
  };
  await apply([quota]);
  // It is in force once it has been counted.
  await kubectl(
    'wait',
    `resourcequota/${QUOTA}`,
    `--for=jsonpath={.status.hard.${resource.replaceAll('.', String.raw`\.`)}}=0`,
  );
}

export async function giveRoom({ kubectl }: RunbookWorld): Promise<void> {
  await kubectl('delete', `resourcequota/${QUOTA}`);
}

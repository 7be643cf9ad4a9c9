import { LABELS, processMeterRestoreSpecSchema, type RestoreStep } from '@process-meter/crds';
import type { KubeObject, Lister } from '../runtime/index.ts';
import { isOver } from './once.ts';
import { readStatus } from './status.ts';

/** The step at which nobody may write into the database of an installation. */
const STOPPING: RestoreStep = 'Stopping';

/** Whether a restore has the parts that write into the database stopped. */
export function isStopping(restore: KubeObject): boolean {
  const status = readStatus(restore['status']);
  return status['step'] === STOPPING && !isOver(status) && restore.metadata.deletionTimestamp === undefined;
}

/** Name of the restore that has a part stopped. */
export function stoppingRestore(restores: Lister, part: KubeObject): string | undefined {
  const { namespace, labels } = part.metadata;
  const found = restores.list(namespace).find((restore) => {
    const spec = processMeterRestoreSpecSchema.safeParse(restore['spec']);
    return isStopping(restore) && spec.data?.processMeter.name === labels?.[LABELS.processMeter];
  });
  return found?.metadata.name;
}

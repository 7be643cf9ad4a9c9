import { LABELS } from '@process-meter/crds';

/** Everything the operator made carries it; its caches hold nothing else of the kinds that others use too. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'process-meter-operator' } as const;
export const MANAGED_SELECTOR = 'app.kubernetes.io/managed-by=process-meter-operator';

export type Component =
  'manager' | 'ingest' | 'portal' | 'nats' | 'postgres' | 'migration' | 'backup' | 'restore';

/** What selects the pods of one part; a selector can never change. `instance`: name of the resource behind it. */
export function selectorLabels(component: Component, instance: string): Record<string, string> {
  return {
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/instance': instance,
    'app.kubernetes.io/name': 'process-meter',
  };
}

export function objectLabels(
  component: Component,
  instance: string,
  processMeter: string,
): Record<string, string> {
  return {
    ...selectorLabels(component, instance),
    ...MANAGED_BY,
    'app.kubernetes.io/part-of': 'process-meter',
    [LABELS.processMeter]: processMeter,
  };
}

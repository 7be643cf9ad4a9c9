import { Counter, Gauge, type Registry } from 'prom-client';

/** What the sync tells about itself, by kind. */
export interface SyncMetrics {
  /** A resource was brought to the Manager, or taken back. */
  synced(kind: string): void;
  failed(kind: string): void;
  objects(kind: string, count: number): void;
}

export function syncMetrics(registry: Registry): SyncMetrics {
  const options = { labelNames: ['kind'], registers: [registry] };
  const total = new Counter({
    ...options,
    name: 'process_meter_config_sync_total',
    help: 'Resources brought to the Manager or taken back',
  });
  const errors = new Counter({
    ...options,
    name: 'process_meter_config_sync_errors_total',
    help: 'Resources that could not be brought or taken back, and tries that could not read',
  });
  const objects = new Gauge({
    ...options,
    name: 'process_meter_config_sync_objects',
    help: 'Resources that the Manager holds',
  });
  return {
    synced: (kind) => total.inc({ kind }),
    failed: (kind) => errors.inc({ kind }),
    objects: (kind, count) => objects.set({ kind }, count),
  };
}

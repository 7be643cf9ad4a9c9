import type { ProcessMeterSpec } from '@process-meter/crds';

type Storage = NonNullable<ProcessMeterSpec['database']['embedded']>['storage'];

/** The volumes of a StatefulSet, and what becomes of them when it goes. */
export function claims(
  name: string,
  { size, storageClassName }: Storage,
  deletionPolicy: ProcessMeterSpec['deletionPolicy'],
): object {
  return {
    persistentVolumeClaimRetentionPolicy: { whenDeleted: deletionPolicy, whenScaled: 'Retain' },
    volumeClaimTemplates: [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: size } },
          storageClassName,
          volumeMode: 'Filesystem',
        },
      },
    ],
  };
}

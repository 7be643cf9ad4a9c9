import type { Lab } from '@process-meter/e2e/lab';

/** Its volumes cannot grow until somebody allows it. */
export const CLASS = 'standard';

/** A default StorageClass, and volumes for the claims of some pods: no lab has a provisioner. */
export async function makeVolumes(lab: Lab, count: number): Promise<void> {
  await lab.apply([
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: CLASS, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'kubernetes.io/no-provisioner',
    },
    ...Array.from({ length: count }, (_, at) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `volume-${at}` },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '100Gi' },
        hostPath: { path: `/volumes/${at}` },
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: CLASS,
      },
    })),
  ]);
}

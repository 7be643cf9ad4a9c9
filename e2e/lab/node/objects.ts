import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DNS_ADDRESS } from './files.ts';
import type { NodeSetting } from './setting.ts';

const VOLUMES = 8;
const STORAGE_CLASS = 'lab-local';

/** What a cluster has beside its control plane: rights of kube-proxy, the Service of DNS, and volumes. */
export function nodeObjects(setting: NodeSetting): object[] {
  return [proxyRights(), ...dnsService(setting.address), ...volumes(setting)];
}

function proxyRights(): object {
  const group = 'rbac.authorization.k8s.io';
  return {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'lab-kube-proxy' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'system:node-proxier' },
    subjects: [{ apiGroup: group, kind: 'User', name: 'system:kube-proxy' }],
  };
}

/** The server is no pod: its addresses are written here, in place of a selector. */
function dnsService(address: string): object[] {
  const ports = ['UDP', 'TCP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 53 }));
  const metadata = { name: 'kube-dns', namespace: 'kube-system' };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: DNS_ADDRESS, ports } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address] }],
      ports,
    },
  ];
}

/** Folders of the run folder as local volumes, to which kubelet gives the group of the pod as it does on a disk. */
function volumes({ run, name }: NodeSetting): object[] {
  const here = { key: 'kubernetes.io/hostname', operator: 'In', values: [name] };
  return [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name: STORAGE_CLASS,
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    ...Array.from({ length: VOLUMES }, (_, at) => {
      const path = join(run, 'volumes', String(at));
      mkdirSync(path, { recursive: true });
      return {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: `lab-volume-${at}` },
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '100Gi' },
          local: { path },
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } },
          persistentVolumeReclaimPolicy: 'Retain',
          storageClassName: STORAGE_CLASS,
        },
      };
    }),
  ];
}

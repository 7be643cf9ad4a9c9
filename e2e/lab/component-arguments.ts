import type { PlaneComponent } from './lab.ts';

/** Ports that the components listen on. */
export interface Ports {
  etcd: number;
  peer: number;
  api: number;
  controllers: number;
  scheduler: number;
  /** Of all fake nodes: what a kubelet answers. */
  nodes: number;
}

/** What the arguments of the components are made of. */
export interface Setting {
  /** Run folder of the lab. */
  run: string;
  /** Folder of certificates and kubeconfigs. */
  keys: string;
  /** Address that everything listens on. */
  address: string;
  ports: Ports;
  /** URL of the API server. */
  url: string;
  /** File with KWOK's rules. */
  kwokConfiguration: string;
  /** Name of the real node, if there is one. */
  node: string | undefined;
}

type Flags = Readonly<Record<string, string | number | boolean>>;

/** @returns such as `['--data-dir=/tmp/…', '--v=1']` */
export function argumentsOf(component: PlaneComponent, setting: Setting): string[] {
  return Object.entries(FLAGS[component](setting)).map(([name, value]) => `--${name}=${value}`);
}

const FLAGS: Readonly<Record<PlaneComponent, (setting: Setting) => Flags>> = {
  etcd,
  'kube-apiserver': apiServer,
  'kube-controller-manager': controllerManager,
  'kube-scheduler': scheduler,
  kwok,
};

function etcd({ run, address, ports }: Setting): Flags {
  const client = `http://${address}:${ports.etcd}`;
  const peer = `http://${address}:${ports.peer}`;
  return {
    name: 'lab',
    'data-dir': `${run}/etcd`,
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `lab=${peer}`,
    // Nothing here has to survive a power cut.
    'unsafe-no-fsync': true,
    'log-level': 'warn',
  };
}

function apiServer({ run, keys, address, ports, node }: Setting): Flags {
  return {
    ...(node === undefined ? { 'endpoint-reconciler-type': 'none' } : kubeletClient(keys)),
    'etcd-servers': `http://${address}:${ports.etcd}`,
    'bind-address': address,
    'advertise-address': address,
    'secure-port': ports.api,
    'tls-cert-file': `${keys}/kube-apiserver.crt`,
    'tls-private-key-file': `${keys}/kube-apiserver.key`,
    'client-ca-file': `${keys}/ca.crt`,
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': `${keys}/sa.pub`,
    'service-account-signing-key-file': `${keys}/sa.key`,
    'service-cluster-ip-range': '10.96.0.0/16',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction,PodSecurity',
    'allow-privileged': true,
    'requestheader-client-ca-file': `${keys}/front-ca.crt`,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': `${keys}/front.crt`,
    'proxy-client-key-file': `${keys}/front.key`,
    'audit-policy-file': `${run}/audit.yaml`,
    'audit-log-path': `${run}/log/audit.log`,
    profiling: false,
    v: 1,
  };
}

/** How the API server asks a real node for logs. */
function kubeletClient(keys: string): Flags {
  return {
    'kubelet-certificate-authority': `${keys}/ca.crt`,
    'kubelet-client-certificate': `${keys}/kubelet-client.crt`,
    'kubelet-client-key': `${keys}/kubelet-client.key`,
    'kubelet-preferred-address-types': 'InternalIP',
  };
}

function controllerManager(setting: Setting): Flags {
  const { keys, ports } = setting;
  return {
    ...ownClient(setting, 'controllers'),
    ...ownServer(setting, 'kube-controller-manager', ports.controllers),
    'service-account-private-key-file': `${keys}/sa.key`,
    'root-ca-file': `${keys}/ca.crt`,
    'cluster-signing-cert-file': `${keys}/ca.crt`,
    'cluster-signing-key-file': `${keys}/ca.key`,
    'use-service-account-credentials': true,
    'cluster-cidr': '10.244.0.0/16',
    'allocate-node-cidrs': false,
    'node-monitor-grace-period': '20s',
  };
}

function scheduler(setting: Setting): Flags {
  return {
    ...ownClient(setting, 'scheduler'),
    ...ownServer(setting, 'kube-scheduler', setting.ports.scheduler),
  };
}

function ownClient({ keys }: Setting, user: string): Flags {
  const kubeconfig = `${keys}/${user}.kubeconfig`;
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'leader-elect': false,
    // With the default of 20 requests a second the controllers start one after another and are late by 5 s.
    'kube-api-qps': 300,
    'kube-api-burst': 600,
    v: 1,
  };
}

/** Without a certificate it would make one at every start, and its health could not be trusted. */
function ownServer({ keys, address }: Setting, certificate: string, port: number): Flags {
  return {
    'bind-address': address,
    'secure-port': port,
    'tls-cert-file': `${keys}/${certificate}.crt`,
    'tls-private-key-file': `${keys}/${certificate}.key`,
  };
}

function kwok({ keys, address, ports, kwokConfiguration }: Setting): Flags {
  return {
    kubeconfig: `${keys}/kwok.kubeconfig`,
    config: kwokConfiguration,
    'manage-all-nodes': true,
    'node-ip': address,
    'node-port': ports.nodes,
    'server-address': `${address}:${ports.nodes}`,
    'tls-cert-file': `${keys}/fake-nodes.crt`,
    'tls-private-key-file': `${keys}/fake-nodes.key`,
    'node-lease-duration-seconds': 40,
  };
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeRegistryHosts } from './registry.ts';
import type { NodeSetting } from './setting.ts';

/** Image of the container that holds a pod's network. */
export const PAUSE_IMAGE = 'lab.invalid/pause:1';
/** Address of the Service of DNS. */
export const DNS_ADDRESS = '10.96.0.10';
export const KUBELET_PORT = 10_250;
/** Debian's place for the plug-ins of containernetworking-plugins. */
const CNI_PLUGINS = '/usr/lib/cni';

export const containerdConfig = (run: string): string => join(run, 'containerd.toml');
export const containerdSocket = (run: string): string => join(run, 'c.sock');
export const kubeletConfig = (run: string): string => join(run, 'kubelet.json');
export const proxyConfig = (run: string): string => join(run, 'kube-proxy.json');

/** Writes what containerd is configured with; nothing of it has to be known from the API server. */
export function writeRuntimeFiles(run: string, address: string): void {
  writeRegistryHosts(join(run, 'registries'), address);
  mkdirSync(join(run, 'cni'), { recursive: true });
  writeFileSync(containerdConfig(run), containerd(run));
  writeFileSync(join(run, 'cni', '10-lab.conflist'), JSON.stringify(network(run)));
}

/** Writes the configurations of kubelet and kube-proxy. */
export function writeNodeFiles(setting: NodeSetting): void {
  writeFileSync(join(setting.run, 'resolv.conf'), '');
  writeFileSync(kubeletConfig(setting.run), JSON.stringify(kubelet(setting)));
  writeFileSync(proxyConfig(setting.run), JSON.stringify(kubeProxy(setting)));
}

function containerd(run: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const unused = ['snapshotter.v1.aufs', 'snapshotter.v1.btrfs', 'snapshotter.v1.devmapper'];
  const more = ['snapshotter.v1.zfs', 'internal.v1.tracing', 'tracing.processor.v1.otlp'];
  return `version = 2
root = "${run}/containerd"
state = "${run}/containerd-state"
disabled_plugins = [${[...unused, ...more].map((name) => `"io.containerd.${name}"`).join(', ')}]
[grpc]
  address = "${containerdSocket(run)}"
[${cri}]
  sandbox_image = "${PAUSE_IMAGE}"
  # Root without CAP_SYS_RESOURCE may not make the kernel spare a process.
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_tcp_service = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [${cri}.containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
  [${cri}.registry]
    config_path = "${run}/registries"
  [${cri}.cni]
    bin_dir = "${CNI_PLUGINS}"
    conf_dir = "${run}/cni"
`;
}

function network(run: string): object {
  return {
    cniVersion: '1.0.0',
    name: 'lab',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: `${run}/cni-state/networks`,
          ranges: [[{ subnet: '10.244.0.0/24' }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
}

function kubelet({ run, keys, address }: NodeSetting): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    // There is no systemd to ask for groups.
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${run.split('/').at(-1)}`,
    containerRuntimeEndpoint: `unix://${containerdSocket(run)}`,
    address,
    port: KUBELET_PORT,
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10_248,
    podLogsDir: `${run}/pods`,
    volumePluginDir: `${run}/volume-plugins`,
    oomScoreAdj: 0,
    maxOpenFiles: 20_000,
    enforceNodeAllocatable: [],
    // What a test kills again and again comes back at once, not after five minutes.
    featureGates: { KubeletCrashLoopBackOffMax: true },
    crashLoopBackOff: { maxContainerRestartPeriod: '2s' },
    failSwapOn: false,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${keys}/ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: `${keys}/kubelet.crt`,
    tlsPrivateKeyFile: `${keys}/kubelet.key`,
    clusterDomain: 'cluster.local',
    clusterDNS: [DNS_ADDRESS],
    // Pods know the names of the cluster only; the machine's resolver is out of their reach.
    resolvConf: `${run}/resolv.conf`,
    // What was imported cannot be pulled again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    nodeStatusUpdateFrequency: '4s',
  };
}

function kubeProxy({ keys, name }: NodeSetting): object {
  // By default a Service may refuse connections for a second after its pods are ready.
  const soon = { minSyncPeriod: '100ms', syncPeriod: '30s' };
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: name,
    clusterCIDR: '10.244.0.0/16',
    clientConnection: { kubeconfig: `${keys}/kube-proxy.kubeconfig` },
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    nodePortAddresses: ['primary'],
    nftables: soon,
    iptables: soon,
    // The limits of the machine are not ours to set.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

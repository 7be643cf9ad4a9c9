import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Go that everything is built with. Another version on the machine fetches this one through the module proxy. */
export const GO_VERSION = '1.26.8';

/** One Go module of tools; its versions are in `tools/<name>/go.mod`, so that no family forces versions on another. */
export interface ToolFamily {
  name: string;
  /** Module whose version the binaries show. */
  module: string;
  /** Name of the binary → Go package. */
  binaries: Readonly<Record<string, string>>;
  /** Variables the linker sets. @param version such as `v1.36.3` */
  variables: (version: string) => Readonly<Record<string, string>>;
  /** Files of the module that are kept beside the binaries. */
  files?: readonly string[];
}

const TOOLS = join(import.meta.dirname, 'tools');

export const FAMILIES: readonly ToolFamily[] = [
  {
    name: 'etcd',
    module: 'go.etcd.io/etcd/server/v3',
    binaries: { etcd: 'go.etcd.io/etcd/server/v3' },
    variables: () => ({}),
  },
  {
    name: 'kube',
    module: 'k8s.io/kubernetes',
    binaries: Object.fromEntries(
      ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kubelet', 'kube-proxy'].map(
        (name) => [name, `k8s.io/kubernetes/cmd/${name}`],
      ),
    ),
    variables: kubernetesVersion,
  },
  {
    name: 'kwok',
    module: 'sigs.k8s.io/kwok',
    binaries: { kwok: 'sigs.k8s.io/kwok/cmd/kwok' },
    variables: () => ({}),
    files: [
      'kustomize/stage/node/fast/node-initialize.yaml',
      'kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml',
      'kustomize/stage/pod/fast/pod-ready.yaml',
      'kustomize/stage/pod/fast/pod-complete.yaml',
      'kustomize/stage/pod/fast/pod-delete.yaml',
    ],
  },
  ...[3, 4].map((major) => ({
    name: `helm${major}`,
    module: `helm.sh/helm/v${major}`,
    binaries: { [`helm${major}`]: `helm.sh/helm/v${major}/cmd/helm` },
    variables: (version: string) => ({ [`helm.sh/helm/v${major}/internal/version.version`]: version }),
  })),
  {
    name: 'versitygw',
    module: 'github.com/versity/versitygw',
    binaries: { versitygw: 'github.com/versity/versitygw/cmd/versitygw' },
    variables: () => ({}),
  },
];

/** Without these the API server calls itself `v0.0.0-master`, and the `kubeVersion` of a chart refuses it. */
function kubernetesVersion(version: string): Record<string, string> {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return Object.fromEntries(
    ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((place) =>
      Object.entries(values).map(([name, value]) => [`${place}.${name}`, value]),
    ),
  );
}

/** Folder of a family's go.mod and go.sum. */
export function moduleFolder(family: ToolFamily): string {
  return join(TOOLS, family.name);
}

/** The version of its module that a family's go.mod asks for, such as `v1.36.3`. */
export function versionOf(family: ToolFamily): string {
  const text = readFileSync(join(moduleFolder(family), 'go.mod'), 'utf8');
  const words = text.split('\n').map((line) =>
    line
      .trim()
      .replace(/^require /, '')
      .split(' '),
  );
  const version = words.find(([module, found]) => module === family.module && found?.startsWith('v'))?.[1];
  if (version === undefined) throw new Error(`tools/${family.name}/go.mod does not ask for ${family.module}`);
  return version;
}

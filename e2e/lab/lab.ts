import type { AuditEntry, AuditFilter } from './audit.ts';
import type { CommandOptions } from './command.ts';

/** Parts of the control plane; each is one process. KWOK plays the fake nodes. */
export type PlaneComponent =
  'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok';
/** Parts of a real node; each is one process. */
export const NODE_COMPONENTS = ['containerd', 'kubelet', 'kube-proxy', 'dns'] as const;
export type NodeComponent = (typeof NODE_COMPONENTS)[number];
/** What runs in a lab. */
export type Component = PlaneComponent | NodeComponent;

/** An S3 server with one account and one bucket, empty. */
export interface ObjectStorage {
  /** Files of its certificate and of the key of that, PEM. */
  certificate: string;
  key: string;
  account: { access: string; secret: string };
  bucket: string;
}

export interface LabOptions {
  /** How many fake nodes there are at the start. Without nodes pods stay Pending. Default 0. */
  nodes?: number;
  /**
   * True: one real node, which runs containers, in place of fake ones. It needs root, namespaces and the Debian packages
   * of `local/setup/lab-build.mjs`.
   */
  node?: boolean;
  /** True: a pod counts as available as soon as it is ready, whatever `minReadySeconds` says. Roll-outs take a second. */
  availableAtOnce?: boolean;
  /** Lines that `kubectl logs` prints of each container of a fake pod; without them they have no logs. */
  podLog?: readonly string[];
  /** Termination message of each container of a fake pod of a Job; without it they end without a word. */
  jobMessage?: string;
  /** `leases`: the audit log also has the writes of Leases and Events (left out because they never stop). */
  audit?: { leases?: boolean };
  /**
   * `namespaces`: fail where the machine allows no namespaces of our own; `plain`: processes on 127.0.0.1 with free
   * ports. Default `auto`: namespaces where allowed, else plain.
   */
  isolation?: 'auto' | 'namespaces' | 'plain';
  /** Told what happens, a line at a time: builds, and why a lab is not isolated. */
  progress?: (line: string) => void;
}

/** Why a lab runs in namespaces of its own, or does not. */
export type Isolation = { kind: 'namespaces' } | { kind: 'plain'; reason: string };

export interface RestartOptions {
  /** How it is ended. Default SIGTERM, which lets the API server close its watches in order. */
  signal?: NodeJS.Signals;
  /** Done after it has ended and before it starts again. */
  whileDown?: () => Promise<void>;
}

export interface ServiceAccountRef {
  namespace: string;
  name: string;
}

/** A Kubernetes control plane of our own, as processes. It ends with `stop`, or with the process that started it. */
export interface Lab {
  /** Unique on this machine. */
  readonly id: string;
  /** Where the API server answers, such as `https://198.18.1.2:6443`. */
  readonly url: string;
  /** Where the machine reaches a `NodePort` of the real node, and all servers of the lab. */
  readonly address: string;
  /** The certificate authority of the API server, PEM. */
  readonly ca: string;
  /** File of the kubeconfig of a cluster administrator (a client certificate in the group system:masters). */
  readonly adminKubeconfig: string;
  /** Text of `adminKubeconfig`. */
  readonly kubeconfig: string;
  /** Folder of this lab; its `log` folder has a log per component. Removed by `stop`. */
  readonly folder: string;
  readonly isolation: Isolation;
  /** Process ids of the components that run, as seen from the machine. */
  readonly pids: Readonly<Partial<Record<Component, number>>>;

  /**
   * Runs kubectl as administrator, or with `options.kubeconfig`.
   * @returns what it printed
   * @throws CommandError with its exit code and what it complained of
   */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Runs Helm 3 or 4, otherwise like `kubectl`. Its home is inside the lab, so no repository or plug-in of the user counts. */
  helm(version: 3 | 4, args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Applies a manifest (YAML or JSON text, or objects) on the server's side, as field manager `lab`. */
  apply(manifest: string | readonly object[]): Promise<void>;
  /**
   * A kubeconfig that has only server, authority and a fresh token of a ServiceAccount: what a pod of it may do.
   * @param seconds how long the token is valid, at least 600. Default 3600.
   * @returns path of the file, another one at each call
   */
  tokenKubeconfig(account: ServiceAccountRef, seconds?: number): Promise<string>;
  /**
   * Brings images, as archives of the OCI layout, onto the real node, which can pull from no registry but the lab's.
   * @throws Error without one
   */
  importImages(archives: readonly string[]): Promise<void>;
  /**
   * Starts an empty registry, the only one that the real node can pull from.
   * @returns its address, such as `198.18.1.2:5000`
   * @throws Error without a real node
   */
  startRegistry(): Promise<string>;
  /**
   * Starts an S3 server, which pods reach.
   * @returns its address, such as `https://198.18.1.2:7070`
   * @throws Error without a real node
   */
  startObjectStorage(storage: ObjectStorage): Promise<string>;
  /** Adds fake nodes, whose pods get ready by themselves. @returns their names, once they are Ready */
  addNodes(count: number): Promise<string[]>;
  /** What was written through the API server so far, oldest first: who, with what, when, and the answer. */
  auditLog(filter?: AuditFilter): Promise<AuditEntry[]>;
  /** Ends the API server and starts it again at the same address; resolves when it is ready. */
  restartApiServer(options?: RestartOptions): Promise<void>;
  /** Like `restartApiServer` for any component. */
  restart(component: Component, options?: RestartOptions): Promise<void>;
  /** Makes etcd forget every revision before the present one: who has to go on from an older one is told 410. */
  compact(): Promise<void>;
  /** Resolves when the lab has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends everything and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

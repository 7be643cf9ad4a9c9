import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import type { Cluster, KubeConfig } from '@kubernetes/client-node';

/** What one request needs to be let in. */
export interface Credential {
  headers: Record<string, string>;
  tls: Tls;
}

export interface Tls {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export interface Credentials {
  /** Base address of the API server. */
  server: string;
  /** Asked before each request; cheap. */
  current(): Promise<Credential>;
  /** The server answered 401: read the files again. */
  refresh(): void;
}

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const REREAD_MS = 60_000;

/**
 * The credentials of the pod's service account. Read here and not by the client library, whose import alone costs
 * 90 MB of memory; the kubelet renews the token, so it is read again every minute.
 */
export function podCredentials(options: {
  server: string;
  folder?: string;
  monotonic: () => number;
}): Credentials {
  const folder = options.folder ?? FOLDER;
  let held: { credential: Credential; readAt: number } | undefined;
  return {
    server: options.server,
    current: () => {
      if (held === undefined || options.monotonic() - held.readAt > REREAD_MS) {
        const token = readFileSync(`${folder}/token`, 'utf8').trim();
        const ca = readFileSync(`${folder}/ca.crt`);
        const credential = { headers: { authorization: `Bearer ${token}` }, tls: { ca } };
        held = { credential, readAt: options.monotonic() };
      }
      return Promise.resolve(held.credential);
    },
    refresh: () => {
      held = undefined;
    },
  };
}

/** The credentials of a kubeconfig, with whatever its exec, OIDC or token provider gives at the moment. */
export function kubeConfigCredentials(config: KubeConfig): Credentials {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig names no current cluster');
  if (typeof config.getCurrentUser()?.impersonateUser === 'string') {
    throw new Error('the kubeconfig impersonates a user, which this program does not do');
  }
  if (cluster.server.startsWith('http:')) allowPlain(config, cluster);
  return {
    server: cluster.server,
    current: async () => {
      const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
      await config.applyToHTTPSOptions(options);
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(options.headers)) headers[name.toLowerCase()] = value;
      if (typeof options.auth === 'string') {
        headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
      }
      return { headers, tls: tlsOf(options) };
    },
    refresh: () => undefined,
  };
}

/** The service account inside a pod, else the usual kubeconfig (KUBECONFIG, then the home folder). */
export async function loadCredentials(
  env: Record<string, string | undefined>,
  monotonic: () => number,
): Promise<Credentials> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (host !== undefined && env['KUBECONFIG'] === undefined) {
    const address = host.includes(':') ? `[${host}]` : host;
    return podCredentials({
      server: `https://${address}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
      monotonic,
    });
  }
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromDefault();
  return kubeConfigCredentials(config);
}

/** The library asks for this setting before it lets a plain connection be; only to this machine it does no harm. */
function allowPlain(config: KubeConfig, cluster: Cluster): void {
  const { hostname } = new URL(cluster.server);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) {
    throw new Error(`the kubeconfig sends its credentials unencrypted to ${hostname}`);
  }
  const plain = { ...cluster, skipTLSVerify: true };
  config.clusters = config.clusters.map((one) => (one.name === cluster.name ? plain : one));
}

function tlsOf(options: RequestOptions): Tls {
  const tls: Tls = {};
  if (isPem(options.ca)) tls.ca = options.ca;
  if (isPem(options.cert)) tls.cert = options.cert;
  if (isPem(options.key)) tls.key = options.key;
  if (options.servername !== undefined) tls.servername = options.servername;
  if (options.rejectUnauthorized !== undefined) tls.rejectUnauthorized = options.rejectUnauthorized;
  return tls;
}

function isPem(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

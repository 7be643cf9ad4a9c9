import { Agent, request } from 'node:https';
import type { Lab } from '@process-meter/e2e/lab';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Talks to the API server of a lab in its own words: no client in between explains errors. A PATCH is a JSON merge patch;
 * APPLY is a PATCH of server-side apply.
 */
export interface ApiServer {
  call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'APPLY' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Answer>;
  /** Tells of every change under the path of a list, from what is there now on. @returns what ends it */
  watch(path: string, told: (event: WatchEvent) => void): () => void;
  close(): void;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

const TIMEOUT_MS = 30_000;
const PATCHES: Partial<Record<string, string>> = {
  PATCH: 'application/merge-patch+json',
  APPLY: 'application/apply-patch+yaml',
};

/** As the administrator, or as whoever the token stands for. */
export function apiServer(lab: Lab, token?: string): ApiServer {
  const certificate = {
    cert: part(lab.kubeconfig, 'client-certificate-data'),
    key: part(lab.kubeconfig, 'client-key-data'),
  };
  const agent = new Agent({ ca: lab.ca, keepAlive: true, ...(token === undefined ? certificate : {}) });
  const identity = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    call: (verb, path, body) =>
      new Promise((resolve, reject) => {
        const type = PATCHES[verb] ?? 'application/json';
        const headers = { accept: 'application/json', 'content-type': type, ...identity };
        const method = verb === 'APPLY' ? 'PATCH' : verb;
        const sent = request(`${lab.url}${path}`, { agent, method, headers, timeout: TIMEOUT_MS });
        sent.once('timeout', () => sent.destroy(new Error(`${path} does not answer`)));
        sent.once('error', reject);
        sent.once('response', (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.once('error', reject);
          response.once('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
        });
        sent.end(body === undefined ? undefined : JSON.stringify(body));
      }),
    watch: (path, told) => {
      const sent = request(`${lab.url}${path}?watch=1`, { agent, headers: identity });
      // Whoever waits for an event sees that it does not come.
      sent.on('error', () => undefined);
      sent.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          const lines = (text + chunk).split('\n');
          text = lines.pop() ?? '';
          for (const line of lines) told(JSON.parse(line));
        });
      });
      sent.end();
      return () => sent.destroy();
    },
    close: () => agent.destroy(),
  };
}

function part(kubeconfig: string, key: string): string {
  const found = new RegExp(`${key}"?: ?"?([A-Za-z0-9+/=]+)`).exec(kubeconfig)?.[1];
  if (found === undefined) throw new Error(`the kubeconfig has no ${key}`);
  return Buffer.from(found, 'base64').toString('utf8');
}

import { request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';

/** Reads with the administrator's certificate; for what a lab itself has to know. */
export interface ApiClient {
  get(url: string): Promise<{ status: number; body: string }>;
}

const TIMEOUT_MS = 5000;

export function apiClient(tls: { ca: string; cert: string; key: string }): ApiClient {
  // No connection is kept: a component that starts again would end it in the middle of the next question.
  const agent = new Agent({ ...tls, keepAlive: false });
  return {
    get: (url) =>
      new Promise((resolve, reject) => {
        const secure = url.startsWith('https:');
        const request = secure
          ? tlsRequest(url, { agent, timeout: TIMEOUT_MS })
          : plainRequest(url, { timeout: TIMEOUT_MS });
        request.once('timeout', () => request.destroy(new Error(`${url} does not answer`)));
        request.once('error', reject);
        request.once('response', (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          response.once('error', reject);
          response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
        });
        request.end();
      }),
  };
}

import {
  agentListSchema,
  applicationListSchema,
  enrolmentTokenSchema,
  meSchema,
  type ApplicationSettings,
} from '@process-meter/contract';
import { z } from 'zod';

/** What the appliance asks of its own manager: the same HTTP API people's browsers use, nothing behind it. */
export interface ManagerApi {
  applicationCount(): Promise<number>;
  addApplication(settings: ApplicationSettings): Promise<void>;
  enrolmentToken(label: string): Promise<string>;
  connectedAgents(): Promise<number>;
  signOut(): Promise<void>;
}

export interface SignIn {
  account: string;
  login: string;
  password: string;
}

/** Signs in. @throws Error with the manager's answer when it refuses */
export async function signIn(base: string, who: SignIn): Promise<ManagerApi> {
  const response = await call(`${base}/api/v1/sign-in`, { method: 'POST', headers: {}, body: who });
  const cookie = (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  const { csrfToken } = meSchema.parse(await response.json());
  const headers = { cookie, 'x-csrf-token': csrfToken };
  const get = async (path: string): Promise<unknown> =>
    (await call(`${base}/api/v1/${path}`, { method: 'GET', headers })).json();
  const post = (path: string, body: unknown): Promise<Response> =>
    call(`${base}/api/v1/${path}`, { method: 'POST', headers, body });
  return {
    async applicationCount() {
      return applicationListSchema.parse(await get('applications')).applications.length;
    },
    async addApplication(settings) {
      await post('applications', settings);
    },
    async enrolmentToken(label) {
      const answer = await (await post('enrolment-tokens', { label, validHours: 1 })).json();
      return enrolmentTokenSchema.parse(answer).token;
    },
    async connectedAgents() {
      return agentListSchema.parse(await get('agents')).counts.connected ?? 0;
    },
    async signOut() {
      await post('sign-out', {});
    },
  };
}

interface Request {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: unknown;
}

async function call(url: string, request: Request): Promise<Response> {
  const body = z.json().optional().parse(request.body);
  const response = await fetch(url, {
    method: request.method,
    headers: {
      ...request.headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok)
    throw new Error(`${request.method} ${url} answered ${response.status}: ${await response.text()}`);
  return response;
}

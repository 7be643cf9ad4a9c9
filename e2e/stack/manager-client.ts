import { allAnswers, follow } from './manager-answers.ts';
import {
  agentListSchema,
  applicationListSchema,
  enrolmentTokenSchema,
  meSchema,
  sessionDetailSchema,
  sessionsSchema,
  type ApplicationSettings,
  type SessionDetail,
} from '@process-meter/contract';

export interface ManagerClient {
  /** Makes these the only monitored applications. */
  monitorOnly(
    settings: readonly Pick<ApplicationSettings, 'name' | 'rules' | 'inactiveAfterMs' | 'timeoutAfterMs'>[],
  ): Promise<void>;
  sessions(): Promise<SessionDetail[]>;
  agentIds(): Promise<string[]>;
  /** Every list, report, export and page of figures there is, as bytes by address. */
  everything(): Promise<[address: string, body: Buffer][]>;
  /** Follows the live stream, so that agents send at once. @returns what ends it and gives all that was said */
  watch(): Promise<() => Buffer>;
  /** A one-time token that enrols an agent. */
  enrolmentToken(label: string): Promise<string>;
}

/** The HTTP API as a signed-in administrator uses it. */
export async function managerClient(base: string, password: string): Promise<ManagerClient> {
  const api = `${base}/api/v1/`;
  const entered = await fetch(`${api}sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account: 'default', login: 'admin', password }),
  });
  const cookie = (entered.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  const { csrfToken } = meSchema.parse(await entered.json());
  const call = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(api + path, {
      method,
      headers: {
        cookie,
        'x-csrf-token': csrfToken,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const get = async (path: string): Promise<unknown> => (await call('GET', path)).json();
  return {
    async monitorOnly(settings) {
      const { applications } = applicationListSchema.parse(await get('applications'));
      for (const { slug } of applications) await call('DELETE', `applications/${slug}`);
      for (const one of settings) await call('POST', 'applications', one);
    },
    async sessions() {
      const { sessions } = sessionsSchema.parse(await get('reports/sessions?size=200'));
      return Promise.all(
        sessions.map(async ({ session }) =>
          sessionDetailSchema.parse(await get(`reports/sessions/${session}`)),
        ),
      );
    },
    everything: () => allAnswers(base, call),
    watch: () => follow(api, cookie),
    async agentIds() {
      return agentListSchema.parse(await get('agents')).agents.map(({ id }) => id);
    },
    async enrolmentToken(label) {
      const answer = await (await call('POST', 'enrolment-tokens', { label, validHours: 1 })).json();
      return enrolmentTokenSchema.parse(answer).token;
    },
  };
}

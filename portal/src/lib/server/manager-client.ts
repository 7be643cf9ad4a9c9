import {
  agentListSchema,
  agentSchema,
  applicationDetailSchema,
  applicationListSchema,
  applicationSchema,
  completenessSchema,
  concurrentUseSchema,
  deadLetterDetailSchema,
  deadLetterListSchema,
  deadLetterReplaySchema,
  enrolmentTokenSchema,
  meSchema,
  overviewSchema,
  problemSchema,
  recordStreamSchema,
  sessionDetailSchema,
  sessionsSchema,
  type ApplicationSettings,
  type Problem,
} from '@process-meter/contract';
import { z } from 'zod';

/** An answer of the Manager that is not a success, or no answer at all (`PM-5003`). */
export class ManagerProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.name = 'ManagerProblem';
    this.problem = problem;
  }
}

export interface ManagerClientDeps {
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  /** Value of the session cookie; absent before signing in. */
  readonly session?: string | undefined;
  readonly csrfToken?: string | undefined;
  readonly clientAddress?: string | undefined;
  /** How the browser reached the portal: behind TLS the Manager makes its cookie Secure. */
  readonly scheme?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

function problemOf(status: number, code: string, title: string): Problem {
  return { type: 'about:blank', title, status, code, requestId: '' };
}

async function toProblem(response: Response): Promise<ManagerProblem> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = problemSchema.safeParse(body);
  return new ManagerProblem(
    parsed.success ? parsed.data : problemOf(response.status, 'PM-5000', response.statusText),
  );
}

function withQuery(path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of [value ?? []].flat()) if (each !== '') params.append(key, String(each));
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

const slug = encodeURIComponent;
const nothingSchema = z.unknown();

/**
 * The portal's only way to the Manager: every answer is checked against the contract here, on the server,
 * so that pages work with typed data and the browser needs no schema.
 */
export class ManagerClient {
  readonly #deps: ManagerClientDeps;

  constructor(deps: ManagerClientDeps) {
    this.#deps = deps;
  }

  /** The raw answer, for streams and files that pass through. */
  async raw(path: string, init: RequestInit = {}): Promise<Response> {
    const { baseUrl, session, csrfToken, clientAddress, scheme } = this.#deps;
    const headers = new Headers(init.headers);
    if (session !== undefined) headers.set('cookie', `pm_session=${session}`);
    if (csrfToken !== undefined) headers.set('x-csrf-token', csrfToken);
    if (clientAddress !== undefined) headers.set('x-forwarded-for', clientAddress);
    if (scheme !== undefined) headers.set('x-forwarded-proto', scheme);
    try {
      return await this.#deps.fetch(`${baseUrl}/api/v1/${path}`, { ...init, headers, redirect: 'error' });
    } catch (cause) {
      const problem = new ManagerProblem(problemOf(503, 'PM-5003', 'The Manager does not answer.'));
      problem.cause = cause;
      throw problem;
    }
  }

  async #call<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    init: RequestInit = {},
  ): Promise<z.infer<Schema>> {
    const signal = AbortSignal.timeout(this.#deps.timeoutMs ?? 15_000);
    const response = await this.raw(path, { ...init, signal });
    if (!response.ok) throw await toProblem(response);
    const text = await response.text();
    const parsed = schema.safeParse(text === '' ? null : JSON.parse(text));
    if (parsed.success) return parsed.data;
    const problem = new ManagerProblem(
      problemOf(502, 'PM-5000', 'The Manager answered in a form that is not known here.'),
    );
    problem.cause = parsed.error;
    throw problem;
  }

  #send<Schema extends z.ZodType>(
    schema: Schema,
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<z.infer<Schema>> {
    if (body === undefined) return this.#call(schema, path, { method });
    return this.#call(schema, path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  me = () => this.#call(meSchema, 'me');
  overview = () => this.#call(overviewSchema, 'overview');
  concurrentUse = (query: Query) =>
    this.#call(concurrentUseSchema, withQuery('reports/concurrent-use', query));
  sessions = (query: Query) => this.#call(sessionsSchema, withQuery('reports/sessions', query));
  session = (ref: string, query: Query) =>
    this.#call(sessionDetailSchema, withQuery(`reports/sessions/${slug(ref)}`, query));
  completeness = (query: Query) =>
    this.#call(z.object({ overall: completenessSchema }), withQuery('completeness', query));
  applications = () => this.#call(applicationListSchema, 'applications');
  application = (name: string) => this.#call(applicationDetailSchema, `applications/${slug(name)}`);
  addApplication = (settings: ApplicationSettings) =>
    this.#send(applicationSchema, 'POST', 'applications', settings);
  changeApplication = (name: string, change: ApplicationSettings & { revision: number }) =>
    this.#send(applicationSchema, 'PUT', `applications/${slug(name)}`, change);
  deleteApplication = (name: string) => this.#send(nothingSchema, 'DELETE', `applications/${slug(name)}`);
  agents = (query: Query) => this.#call(agentListSchema, withQuery('agents', query));
  agent = (id: string) => this.#call(agentSchema, `agents/${slug(id)}`);
  revokeAgent = (id: string) => this.#send(nothingSchema, 'POST', `agents/${slug(id)}/revoke`, {});
  addEnrolmentToken = (request: { label: string; validHours: number }) =>
    this.#send(enrolmentTokenSchema, 'POST', 'enrolment-tokens', request);
  recordStream = () => this.#call(recordStreamSchema, 'record-stream');
  deadLetters = () => this.#call(deadLetterListSchema, 'dead-letters');
  deadLetter = (id: string) => this.#call(deadLetterDetailSchema, `dead-letters/${slug(id)}`);
  replayDeadLetter = (id: string) =>
    this.#send(deadLetterReplaySchema, 'POST', `dead-letters/${slug(id)}/replay`, {});
  replayDeadLetters = (kind: { code: string; agent: string | null }) =>
    this.#send(deadLetterReplaySchema, 'POST', 'dead-letters/replay', kind);
  signOut = () => this.#send(nothingSchema, 'POST', 'sign-out', {});

  /** Signs in. The answer's cookies are the browser's to keep. */
  async signIn(body: { account: string; login: string; password: string }): Promise<string[]> {
    const response = await this.raw('sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(this.#deps.timeoutMs ?? 15_000),
    });
    if (!response.ok) throw await toProblem(response);
    return response.headers.getSetCookie();
  }

  /** Passes a CSV of the Manager on. */
  async csv(path: string, query: Query, filename: string): Promise<Response> {
    const response = await this.raw(withQuery(path, query));
    if (!response.ok) throw await toProblem(response);
    return new Response(response.body, {
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${filename}"`,
        'cache-control': 'no-store',
      },
    });
  }
}

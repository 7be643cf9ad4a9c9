import {
  declaredListSchema,
  declaredSchema,
  problemSchema,
  type Declaration,
  type Declared,
  type DeclaredKind,
} from '@process-meter/contract';
import { Agent } from 'undici';
import type { z } from 'zod';
import { Gate, sleep, type Clock } from '../runtime/index.ts';
import { ManagerError } from './manager-error.ts';

/** One Manager and how its operator shows who it is. */
export interface Endpoint {
  /** Base address, without a path. */
  url: string;
  /** The token; `again`: the one that was given last is refused. */
  token: (again: boolean, signal: AbortSignal) => Promise<string>;
}

export interface DeclaredName {
  kind: DeclaredKind;
  namespace: string;
  name: string;
}

/** What a Manager keeps of resources. Every method throws ManagerError; transient failures were already retried. */
export interface ManagerClient {
  declare(
    to: Endpoint,
    what: { at: DeclaredName; body: Declaration },
    signal: AbortSignal,
  ): Promise<Declared>;
  /** No error when it is not there, or of another resource. */
  undeclare(
    to: Endpoint,
    what: { at: DeclaredName; cluster: string; uid: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** All pages. */
  list(to: Endpoint, what: { kind: DeclaredKind; cluster: string }, signal: AbortSignal): Promise<Declared[]>;
  close(): Promise<void>;
}

export interface ManagerClientDeps {
  clock: Clock;
  random: () => number;
}

const IN_FLIGHT = 8;
const TRY_MS = 10_000;
const TRIES = 3;
const FIRST_RETRY_MS = 200;
/** Who is asked to wait longer than this waits with everything else, not with one request. */
const LONGEST_WAIT_MS = 10_000;
const PAGE = 1000;

interface Call {
  method: 'GET' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  signal: AbortSignal;
}

type Ask = (to: Endpoint, call: Call) => Promise<unknown>;

/** A client with its own connections, for all Managers. */
export function createManagerClient(deps: ManagerClientDeps): ManagerClient {
  const agent = new Agent({ connections: IN_FLIGHT });
  const gate = new Gate(IN_FLIGHT);
  const ask: Ask = async (to, call) => {
    const leave = await gate.enter();
    try {
      return await withRetries(deps, { agent, to, call });
    } finally {
      leave();
    }
  };
  return {
    declare: async (to, { at, body }, signal) =>
      parse(declaredSchema, await ask(to, { method: 'PUT', path: pathOf(at), body, signal })),
    undeclare: async (to, { at, cluster, uid }, signal) => {
      const path = `${pathOf(at)}?${new URLSearchParams({ cluster, uid }).toString()}`;
      try {
        await ask(to, { method: 'DELETE', path, signal });
      } catch (error) {
        if (!(error instanceof ManagerError) || !error.older) throw error;
      }
    },
    list: async (to, what, signal) => listAll(ask, to, { ...what, signal }),
    close: () => agent.close(),
  };
}

async function listAll(
  ask: Ask,
  to: Endpoint,
  { kind, cluster, signal }: { kind: DeclaredKind; cluster: string; signal: AbortSignal },
): Promise<Declared[]> {
  const all: Declared[] = [];
  for (let after: number | null = 0; after !== null;) {
    const query = new URLSearchParams({ cluster, after: String(after), limit: String(PAGE) });
    const answer = await ask(to, { method: 'GET', path: `${kind}?${query.toString()}`, signal });
    const page = parse(declaredListSchema, answer);
    all.push(...page.declared);
    after = page.next;
  }
  return all;
}

function pathOf({ kind, namespace, name }: DeclaredName): string {
  return `${kind}/${namespace}/${name}`;
}

function parse<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ManagerError({ status: 0, message: 'the answer is none of a Manager', cause: parsed.error });
}

/** Every call can be repeated: what is declared is fenced, and what is gone stays gone. */
async function withRetries(
  deps: ManagerClientDeps,
  { agent, to, call }: { agent: Agent; to: Endpoint; call: Call },
): Promise<unknown> {
  let renew = false;
  for (let tried = 1; ; tried += 1) {
    call.signal.throwIfAborted();
    const token = await to.token(renew, call.signal);
    try {
      return await send(deps, { agent, url: to.url, token }, call);
    } catch (error) {
      call.signal.throwIfAborted();
      if (!(error instanceof ManagerError) || tried >= TRIES) throw error;
      const wasRenewed = renew;
      renew = error.status === 401;
      const delay = renew && !wasRenewed ? 0 : retryDelay(error, tried, deps.random);
      if (delay === undefined) throw error;
      await sleep(deps.clock, delay, call.signal);
    }
  }
}

/** How long to wait before the next try, ms; undefined: do not try again. */
function retryDelay(error: ManagerError, tried: number, random: () => number): number | undefined {
  if (error.status !== 0 && error.status !== 429 && error.status < 500) return undefined;
  const asked = error.retryAfterMs ?? 0;
  if (asked > LONGEST_WAIT_MS) return undefined;
  return asked + FIRST_RETRY_MS * 2 ** (tried - 1) * (0.5 + random());
}

async function send(
  { clock }: ManagerClientDeps,
  { agent, url, token }: { agent: Agent; url: string; token: string },
  { method, path, body, signal }: Call,
): Promise<unknown> {
  const limit = new AbortController();
  const cancel = clock.after(TRY_MS, () => limit.abort(new Error(`no answer in ${TRY_MS} ms`)));
  try {
    const answer = await agent.request({
      origin: url,
      path: `/api/v1/declared/${path}`,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([signal, limit.signal]),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw refusal(answer.statusCode, text, answer.headers['retry-after']);
    return answer.statusCode === 204 ? undefined : JSON.parse(text);
  } catch (error) {
    if (error instanceof ManagerError) throw error;
    const cause: unknown = limit.signal.aborted ? limit.signal.reason : error;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ManagerError({ status: 0, message, cause });
  } finally {
    cancel();
  }
}

/** A proxy may have answered in its place. */
function refusal(status: number, text: string, retryAfter: string | string[] | undefined): ManagerError {
  const problem = problemSchema.safeParse(json(text));
  const seconds = typeof retryAfter === 'string' ? Number(retryAfter) : Number.NaN;
  return new ManagerError({
    status,
    code: problem.success ? problem.data.code : undefined,
    message: problem.success ? (problem.data.detail ?? problem.data.title) : `HTTP ${status}`,
    ...(Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

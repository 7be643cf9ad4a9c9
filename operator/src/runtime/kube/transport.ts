import type { Readable } from 'node:stream';
import { childAbort, sleep, type Clock } from '../clock.ts';
import type { RestMetrics } from '../report/metrics.ts';
import type { Dispatcher } from 'undici';
import type { Credentials, Tls } from './credentials.ts';
import { KubeError, httpError, networkError } from './errors.ts';
import { ConnectionPool, checkedAtSending } from './pool.ts';
import { Gate, TokenBucket } from './rate-limit.ts';
import { retryDelay } from './retry.ts';

export interface RequestSpec {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  path: string;
  body?: unknown;
  /** Default application/json. */
  contentType?: string;
  accept?: string;
  signal?: AbortSignal | undefined;
  /** Time limit of one try, ms; default 15 s. */
  timeoutMs?: number;
  /** Default true; leases bring their own tries. */
  retry?: boolean;
  /** Overrides the method: a create is not idempotent, an apply is. */
  idempotent?: boolean;
  /** Passes the rate limit and the limit of requests in flight: leases must not queue behind work. */
  urgent?: boolean;
  /** Called before each try, and again when its connection is there; it throws to forbid it. */
  check?: (() => void) | undefined;
}

export interface Transport {
  /** The parsed answer. Throws KubeError; an aborted signal throws too. */
  json(spec: RequestSpec): Promise<unknown>;
  /** The body as a stream, with neither time limit nor retries: for watches. The caller ends it by its signal. */
  stream(spec: { path: string; accept?: string; signal: AbortSignal }): Promise<Readable>;
  close(): Promise<void>;
}

export interface TransportDeps {
  credentials: Credentials;
  clock: Clock;
  random: () => number;
  metrics: RestMetrics;
}

export interface TransportLimits {
  /** Requests per second over time, and at once. */
  perSecond: number;
  burst: number;
  inFlight: number;
}

export const defaultLimits: TransportLimits = { perSecond: 20, burst: 40, inFlight: 8 };

const TRY_MS = 15_000;
const USER_AGENT = 'process-meter-operator';
const never = new AbortController().signal;

/** The only way to the API server. */
export function createTransport(deps: TransportDeps, limits: TransportLimits = defaultLimits): Transport {
  // Two more than may be in flight, so that an urgent request never waits for a slow one.
  const pool = new ConnectionPool(limits.inFlight + 2);
  const bucket = new TokenBucket(limits, deps.clock);
  const gate = new Gate(limits.inFlight);
  const send = sender(deps, pool);
  return {
    json: async (spec) => {
      if (spec.urgent === true) return withRetries(deps, spec, send);
      const leave = await gate.enter();
      try {
        return await withRetries(deps, spec, async (one) => {
          await bucket.take(one.signal ?? never);
          return send(one);
        });
      } finally {
        leave();
      }
    },
    stream: (spec) => openStream(deps, pool, spec),
    close: () => pool.close(),
  };
}

type Send = (spec: RequestSpec) => Promise<unknown>;

async function withRetries(deps: TransportDeps, spec: RequestSpec, send: Send): Promise<unknown> {
  const idempotent = spec.idempotent ?? spec.method !== 'POST';
  const signal = spec.signal ?? never;
  let renewed = false;
  for (let tried = 1; ; tried += 1) {
    signal.throwIfAborted();
    try {
      return await send(spec);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof KubeError) || spec.retry === false) throw error;
      if (error.status === 401 && !renewed) {
        renewed = true;
        deps.credentials.refresh();
        continue;
      }
      const delay = retryDelay(error, { tried, idempotent, random: deps.random });
      if (delay === undefined) throw error;
      await sleep(deps.clock, delay, signal);
    }
  }
}

function sender(deps: TransportDeps, pool: ConnectionPool): Send {
  return async (spec) => {
    spec.check?.();
    const what = describe(spec);
    const { controller, dispose } = childAbort(spec.signal ?? never);
    const limit = spec.timeoutMs ?? TRY_MS;
    const cancel = deps.clock.after(limit, () => controller.abort(new Error(`no answer in ${limit} ms`)));
    try {
      const answer = await open(deps, pool.for.bind(pool, 'requests'), spec, controller.signal);
      const body = await answer.body.text();
      if (answer.status >= 300) {
        throw httpError({ status: answer.status, body, retryAfter: answer.retryAfter, what });
      }
      return JSON.parse(body);
    } catch (error) {
      // A try that was forbidden at the last moment, or whose outcome is no longer ours to know.
      spec.check?.();
      throw error instanceof KubeError ? error : networkError(controller.signal.reason ?? error, what);
    } finally {
      cancel();
      dispose();
    }
  };
}

async function openStream(
  deps: TransportDeps,
  pool: ConnectionPool,
  spec: { path: string; accept?: string; signal: AbortSignal },
): Promise<Readable> {
  const what = `WATCH ${spec.path}`;
  try {
    const answer = await open(deps, pool.for.bind(pool, 'watches'), { ...spec, method: 'GET' }, spec.signal);
    if (answer.status === 200) return answer.body;
    const body = await answer.body.text();
    if (answer.status === 401) deps.credentials.refresh();
    throw httpError({ status: answer.status, body, retryAfter: answer.retryAfter, what });
  } catch (error) {
    spec.signal.throwIfAborted();
    throw error instanceof KubeError ? error : networkError(error, what);
  }
}

async function open(
  deps: TransportDeps,
  agentFor: (tls: Tls) => Dispatcher,
  spec: RequestSpec,
  signal: AbortSignal,
) {
  const { headers, tls } = await deps.credentials.current();
  const url = new URL(deps.credentials.server);
  const started = deps.clock.monotonic();
  let code = '<error>';
  try {
    const agent = agentFor(tls);
    const dispatcher = spec.check === undefined ? agent : checkedAtSending(agent, spec.check);
    const answer = await dispatcher.request({
      origin: url.origin,
      path: url.pathname.replace(/\/$/, '') + spec.path,
      method: spec.method,
      headers: {
        accept: spec.accept ?? 'application/json',
        'user-agent': USER_AGENT,
        ...(spec.body === undefined ? {} : { 'content-type': spec.contentType ?? 'application/json' }),
        ...headers,
      },
      body: spec.body === undefined ? null : JSON.stringify(spec.body),
      signal,
      // Both limits are ours, by a clock a test can move.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    code = String(answer.statusCode);
    const retryAfter = answer.headers['retry-after'];
    return {
      status: answer.statusCode,
      body: answer.body,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
    };
  } finally {
    deps.metrics.observe({ code, method: spec.method, ms: deps.clock.monotonic() - started });
  }
}

function describe(spec: RequestSpec): string {
  return `${spec.method} ${spec.path}`;
}

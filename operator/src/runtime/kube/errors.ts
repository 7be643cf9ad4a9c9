import { z } from 'zod';

const statusSchema = z.looseObject({
  kind: z.literal('Status'),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.number().optional(),
  details: z.looseObject({ retryAfterSeconds: z.number().optional() }).optional(),
});

/** A refusal of the API server, with the reason of its Status object. */
export class KubeError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** CamelCase reason of the Status (`NotFound`, `Conflict`, …); 'Unknown' when the server gave none. */
  readonly reason: string;
  /** How long the server asks us to wait, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(answer: {
    status: number;
    reason?: string | undefined;
    message: string;
    retryAfterMs?: number | undefined;
    cause?: unknown;
  }) {
    super(answer.message, { cause: answer.cause });
    this.name = 'KubeError';
    this.status = answer.status;
    this.reason = answer.reason ?? 'Unknown';
    this.retryAfterMs = answer.retryAfterMs;
  }

  get notFound(): boolean {
    return this.status === 404;
  }
  /** The object changed meanwhile, or exists already: see `alreadyExists`. */
  get conflict(): boolean {
    return this.status === 409 && this.reason !== 'AlreadyExists';
  }
  get alreadyExists(): boolean {
    return this.reason === 'AlreadyExists';
  }
  /** The resource version is too old: list again. */
  get expired(): boolean {
    return this.status === 410 || this.reason === 'Expired' || this.reason === 'Gone';
  }
  get forbidden(): boolean {
    return this.status === 403;
  }
  /** The object breaks its schema or a rule; the message says which. */
  get invalid(): boolean {
    return this.status === 422;
  }
}

/** Reads an HTTP refusal; `body` need not be a Status, because proxies answer too. */
export function httpError(answer: {
  status: number;
  body: string;
  retryAfter: string | undefined;
  what: string;
}): KubeError {
  const parsed = statusSchema.safeParse(parseJson(answer.body));
  const status = parsed.success ? parsed.data : undefined;
  return new KubeError({
    status: answer.status,
    reason: status?.reason,
    message: `${answer.what}: ${status?.message ?? `HTTP ${answer.status} ${answer.body.slice(0, 200)}`}`,
    retryAfterMs: retryAfterMs(answer.retryAfter, status?.details?.retryAfterSeconds),
  });
}

/** Reads the object of a watch event of type ERROR. */
export function statusError(object: unknown, what: string): KubeError {
  const parsed = statusSchema.safeParse(object);
  const status = parsed.success ? parsed.data : undefined;
  return new KubeError({
    status: status?.code ?? 500,
    reason: status?.reason,
    message: `${what}: ${status?.message ?? 'the watch ended with an error'}`,
    retryAfterMs: retryAfterMs(undefined, status?.details?.retryAfterSeconds),
  });
}

/** No answer came: refused, reset, timed out. */
export function networkError(cause: unknown, what: string): KubeError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new KubeError({ status: 0, reason: 'NetworkError', message: `${what}: ${message}`, cause });
}

function retryAfterMs(header: string | undefined, seconds: number | undefined): number | undefined {
  const fromHeader = header === undefined ? Number.NaN : Number(header);
  if (Number.isFinite(fromHeader) && fromHeader >= 0) return fromHeader * 1000;
  return seconds === undefined ? undefined : seconds * 1000;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

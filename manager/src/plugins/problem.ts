import { AppError, ERROR_CODES, type ErrorName, type Problem } from '@process-meter/contract';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';

const NAME_BY_STATUS: Readonly<Record<number, ErrorName>> = {
  400: 'invalidInput',
  404: 'notFound',
  413: 'tooLarge',
  415: 'unsupportedType',
  429: 'tooManyRequests',
};
/** PostgreSQL: a text it cannot store (a NUL in it), a number out of range. The caller sent it. */
const REFUSED_BY_DATABASE = new Set(['22021', '22P05', '22003', '22008', '22P02', '22023']);
/** PostgreSQL and its driver: no connection to be had. */
const DATABASE_AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P02', '57P03', '53300', '08006']);

/** The last stop of every error: problem+json with a code of the table. What is internal is logged, never sent. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error, request.id);
  if (problem.status >= 500) request.log.error({ err: error }, 'a request failed');
  else request.log.info({ code: problem.code, status: problem.status }, 'a request was refused');
  sendProblem(reply, problem);
}

export function handleNotFound(request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(reply, problem(new AppError('notFound'), request.id));
}

export function sendProblem(reply: FastifyReply, body: Problem): void {
  // Serialized here: the route's answer schemas describe answers, not errors.
  void reply
    .code(body.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer((value: unknown) => JSON.stringify(value))
    .send(body);
}

export function problemOf(error: unknown, requestId: string): Problem {
  if (error instanceof AppError) return problem(error, requestId);
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ instancePath, message }) => ({
      path: instancePath.replaceAll('/', '.').replace(/^\./, ''),
      message: message ?? 'not valid',
    }));
    return { ...problem(new AppError('invalidInput'), requestId), issues };
  }
  const name = nameOf(error);
  return problem(new AppError(name), requestId);
}

function nameOf(error: unknown): ErrorName {
  const { code, statusCode } = marks(error);
  if (code !== undefined && REFUSED_BY_DATABASE.has(code)) return 'invalidInput';
  if (code !== undefined && DATABASE_AWAY.has(code)) return 'unavailable';
  if (statusCode === undefined || statusCode >= 500) return 'internal';
  return NAME_BY_STATUS[statusCode] ?? 'invalidInput';
}

function marks(error: unknown): { code?: string | undefined; statusCode?: number | undefined } {
  if (!(error instanceof Error)) return {};
  const { code, statusCode }: Partial<FastifyError> = error;
  return { code, statusCode };
}

function problem(error: AppError, requestId: string): Problem {
  const { status, text } = ERROR_CODES[error.code];
  return {
    type: `https://processmeter.io/errors/${error.code}`,
    title: text,
    status,
    code: error.code,
    ...(error.message === text ? {} : { detail: error.message }),
    requestId,
  };
}

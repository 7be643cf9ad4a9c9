import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { AppError } from '@process-meter/contract';
import { fastify, LogController, type FastifyBaseLogger } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { answerWriter } from './answers.ts';
import type { App } from './app.ts';
import { handleError, handleNotFound, problemOf, sendProblem } from './problem.ts';

const BODY_MAX_BYTES = 256 * 1024;
/** Reports are asked for by people; a portal server asks for many of them from one address. */
const REQUESTS_A_MINUTE = 3000;

export interface HttpDeps {
  log: FastifyBaseLogger;
  trustedProxies: string[];
  /** Also large answers are checked against their schemas, which takes longer than to read them. */
  checksLargeAnswers?: boolean;
}

/** The server with everything that holds for each route: error answers, limits, headers, validation. */
export async function createHttp({
  log,
  trustedProxies,
  checksLargeAnswers = false,
}: HttpDeps): Promise<App> {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: 30_000,
    trustProxy: trustedProxies,
    routerOptions: { maxParamLength: 200 },
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => sendProblem(reply, problemOf(error, request.id)),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(answerWriter(checksLargeAnswers));
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  await app.register(helmet, {
    contentSecurityPolicy: { directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] } },
  });
  await app.register(cookie);
  await app.register(rateLimit, {
    max: REQUESTS_A_MINUTE,
    timeWindow: '1 minute',
    errorResponseBuilder: () => new AppError('tooManyRequests'),
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    // Answers belong to the one who is signed in.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    done(null, payload);
  });
  return app;
}

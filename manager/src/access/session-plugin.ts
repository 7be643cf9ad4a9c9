import { AppError } from '@process-meter/contract';
import type { FastifyRequest } from 'fastify';
import type { App } from '../plugins/index.ts';
import { SESSION_COOKIE } from './routes/sign-in.ts';
import { csrfMatches, type Access, type SignedIn } from './sign-in.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in. @throws AppError PM-4002 on a public route without a session */
    who(): SignedIn;
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Closed by default: every route registered after it needs a session, unless its config says `isPublic`. */
export function sessionPlugin(app: App, { access }: { access: Access }): void {
  const known = new WeakMap<FastifyRequest, SignedIn>();
  app.decorateRequest('who', function who(this: FastifyRequest): SignedIn {
    const found = known.get(this);
    if (found === undefined) throw new AppError('notSignedIn');
    return found;
  });
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.isPublic === true || request.is404) return;
    const token = request.cookies[SESSION_COOKIE];
    const who = token === undefined ? undefined : await access.who(token);
    if (who === undefined) throw new AppError('notSignedIn');
    if (!SAFE.has(request.method) && !csrfMatches(who, request.headers['x-csrf-token']))
      throw new AppError('csrf');
    known.set(request, who);
  });
}

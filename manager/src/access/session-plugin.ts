import { AppError } from '@process-meter/contract';
import type { FastifyRequest } from 'fastify';
import type { App } from '../plugins/index.ts';
import { SESSION_COOKIE } from './routes/sign-in.ts';
import type { Service, ServiceAccess } from './service.ts';
import { csrfMatches, type Access, type SignedIn } from './sign-in.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in. @throws AppError PM-4002 on a public route without a session */
    who(): SignedIn;
    /** Which program asks, on a route for services. @throws AppError PM-4002 on any other */
    service(): Service;
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Closed by default: every route registered after it needs a session, unless its config says `isPublic`, or the token of
 * a service where it says `isService`. Neither opens the routes of the other.
 */
export function sessionPlugin(
  app: App,
  { access, serviceAccess }: { access: Access; serviceAccess: ServiceAccess },
): void {
  const known = new WeakMap<FastifyRequest, SignedIn>();
  const services = new WeakMap<FastifyRequest, Service>();
  app.decorateRequest('who', function who(this: FastifyRequest): SignedIn {
    return mustBeKnown(known.get(this));
  });
  app.decorateRequest('service', function service(this: FastifyRequest): Service {
    return mustBeKnown(services.get(this));
  });
  app.addHook('onRequest', async (request) => {
    const { isPublic = false, isService = false } = request.routeOptions.config;
    if (isPublic || request.is404) return;
    if (isService) {
      services.set(request, mustBeKnown(await serviceAccess.service(request.headers.authorization)));
      return;
    }
    const token = request.cookies[SESSION_COOKIE];
    const who = mustBeKnown(token === undefined ? undefined : await access.who(token));
    if (!SAFE.has(request.method) && !csrfMatches(who, request.headers['x-csrf-token']))
      throw new AppError('csrf');
    known.set(request, who);
  });
}

function mustBeKnown<Known>(found: Known | undefined): Known {
  if (found === undefined) throw new AppError('notSignedIn');
  return found;
}

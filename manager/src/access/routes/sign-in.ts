import { AppError, meSchema, signInRequestSchema, type Me } from '@process-meter/contract';
import { LIMITS } from '../../limits/index.ts';
import type { App } from '../../plugins/index.ts';
import { SESSION_MS, type Access, type SignedIn } from '../sign-in.ts';

export const SESSION_COOKIE = 'pm_session';

export function signInRoute(app: App, { access }: { access: Access }): void {
  app.post(
    '/sign-in',
    {
      schema: {
        operationId: 'signIn',
        summary: 'Sign in; the answer sets the cookie pm_session',
        tags: ['access'],
        body: signInRequestSchema,
        response: { 200: meSchema },
      },
      config: { isPublic: true, rateLimit: { max: LIMITS.signIn.max, timeWindow: LIMITS.signIn.windowMs } },
    },
    async (request, reply) => {
      const result = await access.signIn({ ...request.body, address: request.ip });
      if (result === undefined) throw new AppError('badSignIn');
      reply.setCookie(SESSION_COOKIE, result.token, {
        path: '/',
        httpOnly: true,
        sameSite: 'strict',
        secure: request.protocol === 'https',
        maxAge: SESSION_MS / 1000,
      });
      return meOf(result.who);
    },
  );
}

export function meOf(who: SignedIn): Me {
  const { slug, name, zone } = who.account;
  return {
    account: { slug, name, zone },
    login: { name: who.login, role: who.role },
    csrfToken: who.csrfToken,
  };
}

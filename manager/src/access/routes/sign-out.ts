import { z } from 'zod';
import type { App } from '../../plugins/index.ts';
import type { Access } from '../sign-in.ts';
import { SESSION_COOKIE } from './sign-in.ts';

export function signOutRoute(app: App, { access }: { access: Access }): void {
  app.post(
    '/sign-out',
    {
      schema: {
        operationId: 'signOut',
        summary: 'End this session',
        tags: ['access'],
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const token = request.cookies[SESSION_COOKIE];
      if (token !== undefined) await access.signOut(token);
      reply.clearCookie(SESSION_COOKIE, { path: '/' });
      return reply.code(204).send(null);
    },
  );
}

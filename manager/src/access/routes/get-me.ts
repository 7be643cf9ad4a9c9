import { meSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import { meOf } from './sign-in.ts';

export function getMeRoute(app: App): void {
  app.get(
    '/me',
    {
      schema: {
        operationId: 'getMe',
        summary: 'Who is signed in',
        tags: ['access'],
        response: { 200: meSchema },
      },
    },
    (request) => meOf(request.who()),
  );
}

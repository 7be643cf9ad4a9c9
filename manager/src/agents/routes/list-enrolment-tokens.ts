import { z } from 'zod';
import type { App } from '../../plugins/index.ts';
import type { AgentsDeps } from '../deps.ts';
import { listTokens } from '../store.ts';

const tokenListSchema = z.object({
  tokens: z.array(
    z.object({
      label: z.string(),
      createdAt: z.number(),
      expiresAt: z.number(),
      usedAt: z.number().nullable(),
      agent: z.string().nullable(),
    }),
  ),
});

export function listEnrolmentTokensRoute(app: App, { db }: AgentsDeps): void {
  app.get(
    '/enrolment-tokens',
    {
      schema: {
        operationId: 'listEnrolmentTokens',
        summary: 'Tokens given out, without the tokens themselves',
        tags: ['agents'],
        response: { 200: tokenListSchema },
      },
    },
    async (request) => ({ tokens: await listTokens(db, request.who().account.id) }),
  );
}

import { completenessSchema, isoInstantSchema, zoneSchema } from '@process-meter/contract';
import type { Pool } from 'pg';
import { z } from 'zod';
import { checkedRange } from '../../calendar/index.ts';
import { readSnapshot } from '../../db/index.ts';
import { largeAnswer, type App } from '../../plugins/index.ts';
import { completenessByAgent } from '../report.ts';

const querySchema = z.object({ from: isoInstantSchema, to: isoInstantSchema, tz: zoneSchema.optional() });
const answerSchema = z.object({
  from: z.number(),
  to: z.number(),
  zone: z.string(),
  overall: completenessSchema,
  agents: z.array(
    z.object({
      id: z.string(),
      computer: z.string(),
      user: z.string(),
      share: z.number().min(0).max(1).nullable(),
      missing: z.array(z.object({ from: z.number(), to: z.number() })),
      lost: z.array(
        z.object({ from: z.number(), to: z.number(), lost: z.number().int(), reason: z.string() }),
      ),
    }),
  ),
});
const MAX_DAYS = 100;

export function getCompletenessRoute(app: App, { pool, clock }: { pool: Pool; clock: () => number }): void {
  app.get(
    '/completeness',
    {
      schema: {
        operationId: 'getCompleteness',
        summary: 'How much of a range is known, and what is missing of which agent',
        tags: ['records'],
        querystring: querySchema,
        response: { 200: largeAnswer(answerSchema) },
      },
    },
    (request) => {
      const { account } = request.who();
      const range = checkedRange(
        { from: Date.parse(request.query.from), to: Date.parse(request.query.to) },
        MAX_DAYS,
      );
      const zone = request.query.tz ?? account.zone;
      return readSnapshot(pool, (client) =>
        completenessByAgent(client, { account: account.id, zone, range, now: clock() }),
      );
    },
  );
}

import { createHash, randomBytes } from 'node:crypto';
import { enrolmentTokenRequestSchema, enrolmentTokenSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import type { AgentsDeps } from '../deps.ts';
import { addToken } from '../store.ts';

export function addEnrolmentTokenRoute(app: App, { db, clock }: AgentsDeps): void {
  app.post(
    '/enrolment-tokens',
    {
      schema: {
        operationId: 'addEnrolmentToken',
        summary: 'A one-time token for one agent; shown only in this answer',
        tags: ['agents'],
        body: enrolmentTokenRequestSchema,
        response: { 201: enrolmentTokenSchema },
      },
    },
    async (request, reply) => {
      const who = request.who();
      const { label, validHours } = request.body;
      const now = clock();
      const token = `pme_${randomBytes(24).toString('base64url')}`;
      const expiresAt = now + validHours * 3_600_000;
      await addToken(db, {
        hash: createHash('sha256').update(token).digest(),
        account: who.account.id,
        label,
        by: who.loginId,
        now: new Date(now),
        expiresAt: new Date(expiresAt),
      });
      return reply.code(201).send({ token, expiresAt, label });
    },
  );
}

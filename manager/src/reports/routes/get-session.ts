import { sessionDetailSchema, sessionRefSchema, zoneSchema } from '@process-meter/contract';
import { z } from 'zod';
import type { App } from '../../plugins/index.ts';
import { namedZone, type ReportsDeps } from '../deps.ts';
import { sessionDetailCsv } from '../exports.ts';
import { sendCsv } from '../send-csv.ts';
import { sessionDetail } from '../session-detail/report.ts';

const paramsSchema = z.object({ ref: sessionRefSchema });
const querySchema = z.object({ tz: zoneSchema.optional() });

export function getSessionRoute(app: App, { pool }: ReportsDeps): void {
  app.get(
    '/reports/sessions/:ref',
    {
      schema: {
        operationId: 'getSession',
        summary: 'Session Detail: documents, states and the cause of each change',
        tags: ['reports'],
        params: paramsSchema,
        querystring: querySchema,
        response: { 200: sessionDetailSchema },
      },
    },
    (request) => {
      const { account } = request.who();
      const zone = namedZone(request.query.tz, account.zone);
      return sessionDetail(pool, { account: account.id, ref: request.params.ref, zone });
    },
  );
  app.get(
    '/reports/sessions/:ref(^[a-z2-7]{12}\\.[0-7][0-9a-f]{15}).csv',
    {
      schema: {
        operationId: 'getSessionCsv',
        summary: 'Session Detail as CSV: a row a segment',
        tags: ['reports'],
        params: paramsSchema,
        querystring: querySchema,
      },
    },
    async (request, reply) => {
      const { account } = request.who();
      const zone = namedZone(request.query.tz, account.zone);
      const report = await sessionDetail(pool, { account: account.id, ref: request.params.ref, zone });
      return sendCsv(reply, sessionDetailCsv(report), `session-${request.params.ref}.csv`);
    },
  );
}

import { concurrentUseQuerySchema, concurrentUseSchema } from '@process-meter/contract';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { largeAnswer, type App } from '../../plugins/index.ts';
import { concurrentUse, type ConcurrentUseInput } from '../concurrent-use/report.ts';
import { namedZone, type ReportsDeps } from '../deps.ts';
import { concurrentUseCsv } from '../exports.ts';
import { sendCsv } from '../send-csv.ts';

export function getConcurrentUseRoute(app: App, { pool, clock }: ReportsDeps): void {
  const input = (request: FastifyRequest, query: Query): ConcurrentUseInput => {
    const { account } = request.who();
    return {
      account: account.id,
      app: query.app,
      from: Date.parse(query.from),
      to: Date.parse(query.to),
      zone: namedZone(query.tz, account.zone),
      step: query.step,
      now: clock(),
    };
  };
  const summary = 'Concurrent Use of one application: the most used of the range without `app`';
  app.get(
    '/reports/concurrent-use',
    {
      schema: {
        operationId: 'getConcurrentUse',
        summary,
        tags: ['reports'],
        querystring: concurrentUseQuerySchema,
        response: { 200: largeAnswer(concurrentUseSchema) },
      },
    },
    (request) => concurrentUse(pool, input(request, request.query)),
  );
  app.get(
    '/reports/concurrent-use.csv',
    {
      schema: {
        operationId: 'getConcurrentUseCsv',
        summary: `${summary}, as CSV`,
        tags: ['reports'],
        querystring: concurrentUseQuerySchema,
      },
    },
    async (request, reply) => {
      const report = await concurrentUse(pool, input(request, request.query));
      return sendCsv(reply, concurrentUseCsv(report), 'concurrent-use.csv');
    },
  );
}

type Query = z.output<typeof concurrentUseQuerySchema>;

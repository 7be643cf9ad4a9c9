import { sessionsQuerySchema, sessionsSchema, type SessionsQuery } from '@process-meter/contract';
import type { FastifyRequest } from 'fastify';
import { largeAnswer, type App } from '../../plugins/index.ts';
import { namedZone, type ReportsDeps } from '../deps.ts';
import { sessionsCsv } from '../exports.ts';
import { sendCsv } from '../send-csv.ts';
import { allSessions, sessionsReport, type SessionsInput } from '../sessions/report.ts';

export function getSessionsRoute(app: App, { pool, clock }: ReportsDeps): void {
  const input = (request: FastifyRequest, query: SessionsQuery): SessionsInput => {
    const { account } = request.who();
    return { account: account.id, query, zone: namedZone(query.tz, account.zone), now: clock() };
  };
  app.get(
    '/reports/sessions',
    {
      schema: {
        operationId: 'getSessions',
        summary: 'Session Summary: a page of what the filter gives, and the sums of all of it',
        tags: ['reports'],
        querystring: sessionsQuerySchema,
        response: { 200: largeAnswer(sessionsSchema) },
      },
    },
    (request) => sessionsReport(pool, input(request, request.query)),
  );
  app.get(
    '/reports/sessions.csv',
    {
      schema: {
        operationId: 'getSessionsCsv',
        summary: 'Session Summary as CSV: everything the filter gives',
        tags: ['reports'],
        querystring: sessionsQuerySchema,
      },
    },
    (request, reply) => {
      const asked = input(request, request.query);
      return sendCsv(reply, sessionsCsv(allSessions(pool, asked), asked.zone), 'sessions.csv');
    },
  );
}

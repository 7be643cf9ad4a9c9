import { concurrentQuery } from '#lib/concurrent/query.server.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals, url }) => {
  const { query } = concurrentQuery(url, locals.me?.account.zone ?? 'UTC', Date.now());
  return locals.manager.csv('reports/concurrent-use.csv', query, 'concurrent-use.csv');
};

import { sessionsQuery } from '#lib/sessions/query.server.ts';
import type { RequestHandler } from './$types';

/** All that the filter gives, not the page. */
export const GET: RequestHandler = ({ locals, url }) => {
  const { query } = sessionsQuery(url, locals.me?.account.zone ?? 'UTC', Date.now());
  const { page: _page, size: _size, ...all } = { page: undefined, ...query };
  return locals.manager.csv('reports/sessions.csv', all, 'sessions.csv');
};

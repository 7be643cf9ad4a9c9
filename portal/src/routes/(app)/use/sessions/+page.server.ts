import { panel } from '#lib/server/panel.ts';
import { sessionsQuery } from '#lib/sessions/query.server.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
  const { query, ...asked } = sessionsQuery(url, locals.me?.account.zone ?? 'UTC', Date.now());
  return { report: await panel(locals.manager.sessions(query), url), ...asked };
};

import { panel } from '#lib/server/panel.ts';
import { concurrentQuery } from '#lib/concurrent/query.server.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
  const accountZone = locals.me?.account.zone ?? 'UTC';
  const { query, ...asked } = concurrentQuery(url, accountZone, Date.now());
  return { report: await panel(locals.manager.concurrentUse(query), url), ...asked };
};

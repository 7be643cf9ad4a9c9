import { concurrentQuery } from '#lib/concurrent/query.server.ts';
import { concurrentView } from '#lib/concurrent/view.server.ts';
import { panel } from '#lib/server/panel.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
  const accountZone = locals.me?.account.zone ?? 'UTC';
  const { query, range, bar } = concurrentQuery(url, accountZone, Date.now());
  const report = await panel(locals.manager.concurrentUse(query), url);
  if (!report.ok) return { bar, failure: report.failure };
  const { application, from, to, zone } = report.data;
  return {
    bar,
    view: concurrentView(report.data, range, url.searchParams),
    asked: { app: application?.slug ?? null, from, to, zone },
  };
};

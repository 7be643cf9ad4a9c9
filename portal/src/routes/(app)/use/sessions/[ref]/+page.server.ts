import { isZone } from '#lib/format/zone.ts';
import { panel } from '#lib/server/panel.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const wanted = url.searchParams.get('tz');
  const tz = wanted !== null && isZone(wanted) ? wanted : locals.me?.account.zone;
  return { session: await panel(locals.manager.session(params.ref, { tz }), url), now: Date.now() };
};

import { isZone } from '#lib/format/zone.ts';
import { panel } from '#lib/server/panel.ts';
import { sessionView } from '#lib/session/view.server.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const wanted = url.searchParams.get('tz');
  const tz = wanted !== null && isZone(wanted) ? wanted : locals.me?.account.zone;
  const session = await panel(locals.manager.session(params.ref, { tz }), url);
  if (!session.ok) return { session };
  return { session: { ok: true as const, data: sessionView(session.data, url.searchParams, Date.now()) } };
};

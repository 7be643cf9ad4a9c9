import { error, json } from '@sveltejs/kit';
import { isZone, offsetIso } from '#lib/format/zone.ts';
import { monthOf, weeksOf } from '#lib/range/month.server.ts';
import type { RequestHandler } from './$types';

/** A month for the range picker, with the days that are not complete. */
export const GET: RequestHandler = async ({ locals, url }) => {
  const month = url.searchParams.get('month') ?? '';
  const wanted = url.searchParams.get('tz');
  const zone = wanted !== null && isZone(wanted) ? wanted : (locals.me?.account.zone ?? 'UTC');
  const weeks = weeksOf(month, zone);
  if (weeks === null) error(400, { message: 'The month is not of the form 2026-11.' });
  // Days can be picked without knowing what is complete.
  const known = await locals.manager
    .completeness({ from: offsetIso(weeks.from, zone), to: offsetIso(weeks.to, zone), tz: zone })
    .catch(() => null);
  return json(monthOf(month, { zone, now: Date.now(), known: known?.overall ?? null }));
};

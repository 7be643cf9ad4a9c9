import { panel } from '#lib/server/panel.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
  const [stream, letters] = await Promise.all([
    panel(locals.manager.recordStream(), url),
    panel(locals.manager.deadLetters(), url),
  ]);
  return { stream, letters, zone: locals.me?.account.zone ?? 'UTC', now: Date.now() };
};

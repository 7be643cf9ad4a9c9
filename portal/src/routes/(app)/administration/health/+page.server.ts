import { panel } from '#lib/server/panel.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => ({
  letters: await panel(locals.manager.deadLetters(), url),
  zone: locals.me?.account.zone ?? 'UTC',
  now: Date.now(),
});

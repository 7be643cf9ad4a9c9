import { panel } from '#lib/server/panel.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url, depends }) => {
  depends('pm:overview');
  return { overview: await panel(locals.manager.overview(), url) };
};

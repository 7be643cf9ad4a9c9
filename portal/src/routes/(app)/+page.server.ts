import { overviewView } from '#lib/overview/view.server.ts';
import { panel } from '#lib/server/panel.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url, depends }) => {
  depends('pm:overview');
  const answer = await panel(locals.manager.overview(), url);
  return { overview: answer.ok ? { ok: true as const, data: overviewView(answer.data) } : answer };
};

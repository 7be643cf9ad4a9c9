import { fail, redirect } from '@sveltejs/kit';
import { ManagerProblem } from '#lib/server/manager-client.ts';
import { panel } from '#lib/server/panel.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params, url }) => ({
  agent: await panel(locals.manager.agent(params.id), url),
  zone: locals.me?.account.zone ?? 'UTC',
  now: Date.now(),
});

export const actions: Actions = {
  revoke: async ({ locals, params }) => {
    try {
      await locals.manager.revokeAgent(params.id);
    } catch (cause) {
      if (!(cause instanceof ManagerProblem)) throw cause;
      const { code, title, detail } = cause.problem;
      return fail(cause.problem.status, { failure: { code, title, detail: detail ?? '' } });
    }
    redirect(303, `/administration/agents/${params.id}`);
  },
};

import { fail, redirect } from '@sveltejs/kit';
import { parseForm, readForm } from '#lib/applications/form.server.ts';
import { ManagerProblem } from '#lib/server/manager-client.ts';
import type { Actions } from './$types';

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const typed = readForm(await request.formData());
    const parsed = parseForm(typed);
    if (!parsed.ok) return fail(400, { typed, errors: parsed.errors });
    let slug: string;
    try {
      ({ slug } = await locals.manager.addApplication(parsed.settings));
    } catch (cause) {
      if (!(cause instanceof ManagerProblem)) throw cause;
      const { code, title, detail } = cause.problem;
      return fail(cause.problem.status, {
        typed,
        errors: {},
        failure: { code, title, detail: detail ?? '' },
      });
    }
    redirect(303, `/administration/applications/${slug}?saved`);
  },
};

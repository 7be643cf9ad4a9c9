import { fail, redirect } from '@sveltejs/kit';
import { formOf } from '#lib/applications/form.ts';
import { parseForm, readForm } from '#lib/applications/form.server.ts';
import { ManagerProblem } from '#lib/server/manager-client.ts';
import { panel } from '#lib/server/panel.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params, url }) => {
  const application = await panel(locals.manager.application(params.slug), url);
  return {
    application,
    form: application.ok ? formOf(application.data) : null,
    saved: url.searchParams.has('saved'),
  };
};

function failureOf(cause: unknown) {
  if (!(cause instanceof ManagerProblem)) throw cause;
  const { code, title, detail, status } = cause.problem;
  return { status, failure: { code, title, detail: detail ?? '' } };
}

export const actions: Actions = {
  save: async ({ request, locals, params }) => {
    const data = await request.formData();
    const typed = readForm(data);
    const parsed = parseForm(typed);
    if (!parsed.ok) return fail(400, { typed, errors: parsed.errors });
    try {
      await locals.manager.changeApplication(params.slug, {
        ...parsed.settings,
        revision: Number(data.get('revision')),
      });
    } catch (cause) {
      const { status, failure } = failureOf(cause);
      return fail(status, { typed, errors: {}, failure });
    }
    redirect(303, `/administration/applications/${params.slug}?saved`);
  },
  remove: async ({ locals, params }) => {
    try {
      await locals.manager.deleteApplication(params.slug);
    } catch (cause) {
      const { status, failure } = failureOf(cause);
      return fail(status, { failure });
    }
    redirect(303, '/administration/applications');
  },
};

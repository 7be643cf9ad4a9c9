import { fail, redirect } from '@sveltejs/kit';
import { signInRequestSchema } from '@process-meter/contract';
import { ManagerProblem } from '#lib/server/manager-client.ts';
import { safeNext } from '#lib/server/panel.ts';
import { passSessionCookie } from '#lib/server/set-cookie.ts';
import type { Actions, PageServerLoad } from './$types';

const YEAR_SECONDS = 365 * 86_400;

type Wrong = 'wrong' | 'tooMany' | 'unavailable' | 'incomplete';

function reasonOf(problem: ManagerProblem['problem']): Wrong {
  if (problem.status === 429) return 'tooMany';
  return problem.status >= 500 ? 'unavailable' : 'wrong';
}

const textOf = (value: FormDataEntryValue | undefined): string => (typeof value === 'string' ? value : '');

export const load: PageServerLoad = ({ locals, cookies, url }) => {
  if (locals.me !== null) redirect(303, safeNext(url.searchParams.get('next')));
  return { account: cookies.get('pm_account') ?? 'default', host: url.host };
};

export const actions: Actions = {
  default: async ({ request, locals, cookies, url }) => {
    const form = Object.fromEntries(await request.formData());
    const typed = { account: textOf(form['account']), login: textOf(form['login']) };
    const secure = url.protocol === 'https:';
    const body = signInRequestSchema.safeParse({ ...form, account: typed.account.trim().toLowerCase() });
    if (!body.success) {
      const missing = Object.values({ ...typed, password: form['password'] }).some((value) => value === '');
      return fail(400, { ...typed, reason: missing ? ('incomplete' as const) : ('wrong' as const) });
    }
    try {
      passSessionCookie(await locals.manager.signIn(body.data), cookies, secure);
    } catch (cause) {
      if (!(cause instanceof ManagerProblem)) throw cause;
      return fail(cause.problem.status, { ...typed, reason: reasonOf(cause.problem) });
    }
    cookies.set('pm_account', body.data.account, {
      path: '/sign-in',
      maxAge: YEAR_SECONDS,
      sameSite: 'strict',
      httpOnly: true,
      secure,
    });
    redirect(303, safeNext(url.searchParams.get('next')));
  },
};

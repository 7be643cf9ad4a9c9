import { redirect } from '@sveltejs/kit';
import { safeNext } from '#lib/server/panel.ts';
import type { RequestHandler } from './$types';

const YEAR_SECONDS = 365 * 86_400;

/** Keeps the choice of light or dark in a cookie, so that the first paint is right. */
export const POST: RequestHandler = async ({ request, cookies, url }) => {
  const form = await request.formData();
  const theme = form.get('theme');
  if (theme === 'light' || theme === 'dark') {
    cookies.set('pm_theme', theme, {
      path: '/',
      maxAge: YEAR_SECONDS,
      sameSite: 'strict',
      httpOnly: true,
      secure: url.protocol === 'https:',
    });
  } else cookies.delete('pm_theme', { path: '/' });
  const next = form.get('next');
  redirect(303, safeNext(typeof next === 'string' ? next : null));
};

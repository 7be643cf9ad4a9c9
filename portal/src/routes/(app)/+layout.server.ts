import { redirect } from '@sveltejs/kit';
import { signInPath } from '#lib/server/panel.ts';
import { unknownKeys } from '#lib/shell/known-keys.server.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = ({ locals, route, url }) => {
  if (locals.me === null) redirect(303, signInPath(url));
  const { account, login } = locals.me;
  return { account, login, theme: locals.theme, unknownKeys: unknownKeys(route.id, url.searchParams) };
};

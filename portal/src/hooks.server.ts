import { error, redirect, type Handle } from '@sveltejs/kit';
import { readConfig } from '#lib/server/config.ts';
import { ManagerClient, ManagerProblem } from '#lib/server/manager-client.ts';
import { signInPath } from '#lib/server/panel.ts';

const config = readConfig();

function themeOf(cookie: string | undefined): App.Locals['theme'] {
  return cookie === 'light' || cookie === 'dark' ? cookie : 'system';
}

async function meOf(client: ManagerClient): Promise<App.Locals['me']> {
  try {
    return await client.me();
  } catch (cause) {
    if (!(cause instanceof ManagerProblem)) throw cause;
    if (cause.problem.status === 401) return null;
    return error(503, { message: cause.problem.title, code: cause.problem.code });
  }
}

const isPublic = (routeId: string | null): boolean =>
  routeId === null || routeId === '/sign-in' || routeId === '/theme';

const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'same-origin'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()'],
];

/** Finds out who asks, sends those who must sign in there, and answers with the chosen theme and strict headers. */
export const handle: Handle = async ({ event, resolve }) => {
  const { cookies, locals, url } = event;
  const session = cookies.get('pm_session');
  const deps = {
    baseUrl: config.managerUrl,
    fetch: globalThis.fetch,
    session,
    clientAddress: event.getClientAddress(),
    scheme: url.protocol === 'https:' ? 'https' : 'http',
  };
  locals.manager = new ManagerClient(deps);
  locals.me = null;
  locals.theme = themeOf(cookies.get('pm_theme'));
  if (session !== undefined && event.route.id !== '/theme') {
    locals.me = await meOf(locals.manager).catch((cause: unknown) => {
      if (isPublic(event.route.id)) return null;
      throw cause;
    });
    if (locals.me !== null) locals.manager = new ManagerClient({ ...deps, csrfToken: locals.me.csrfToken });
  }
  if (locals.me === null && !isPublic(event.route.id)) redirect(303, signInPath(url));

  const response = await resolve(event, {
    transformPageChunk: ({ html }) => html.replaceAll('%pm.theme%', locals.theme),
  });
  for (const [name, value] of SECURITY_HEADERS) response.headers.set(name, value);
  if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'private, no-store');
  return response;
};

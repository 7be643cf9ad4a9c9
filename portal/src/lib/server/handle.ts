import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import type { Handle } from '@sveltejs/kit/hooks';
import { ManagerClient, ManagerProblem, type ManagerClientDeps } from './manager-client.ts';
import { signInPath } from './panel.ts';

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

export interface HandleDeps {
  readonly managerUrl: string;
  readonly fetch: typeof fetch;
}

/** What the Manager must know of a request: whose session, from where, and by which scheme the portal was reached. */
function clientDeps({ managerUrl, fetch }: HandleDeps, event: RequestEvent): ManagerClientDeps {
  return {
    baseUrl: managerUrl,
    fetch,
    session: event.cookies.get('pm_session'),
    clientAddress: event.getClientAddress(),
    scheme: event.url.protocol === 'https:' ? 'https' : 'http',
  };
}

/** Finds out who asks, sends those who must sign in there, and answers with the chosen theme and strict headers. */
export function portalHandle(deps: HandleDeps): Handle {
  return async ({ event, resolve }) => {
    const { cookies, locals, url } = event;
    const client = clientDeps(deps, event);
    locals.manager = new ManagerClient(client);
    locals.me = null;
    locals.theme = themeOf(cookies.get('pm_theme'));
    if (client.session !== undefined && event.route.id !== '/theme') {
      locals.me = await meOf(locals.manager).catch((cause: unknown) => {
        if (isPublic(event.route.id)) return null;
        throw cause;
      });
      if (locals.me !== null)
        locals.manager = new ManagerClient({ ...client, csrfToken: locals.me.csrfToken });
    }
    if (locals.me === null && !isPublic(event.route.id)) redirect(303, signInPath(url));

    const response = await resolve(event, {
      // Both stand on the page from its first paint: nothing changes its look when the scripts have come.
      transformPageChunk: ({ html }) =>
        html
          .replaceAll('%pm.theme%', locals.theme)
          .replaceAll('%pm.wall%', url.searchParams.has('wall') ? 'data-wall' : ''),
    });
    for (const [name, value] of SECURITY_HEADERS) response.headers.set(name, value);
    if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'private, no-store');
    return response;
  };
}

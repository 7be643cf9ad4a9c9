import type { App } from '../plugins/index.ts';
import { getMeRoute } from './routes/get-me.ts';
import { signInRoute } from './routes/sign-in.ts';
import { signOutRoute } from './routes/sign-out.ts';
import type { Access } from './sign-in.ts';

export { firstStart } from './first-start.ts';
export { createAccess, csrfMatches, type Access, type SignedIn } from './sign-in.ts';
export { createServiceAccess, type Service, type ServiceAccess } from './service.ts';
export { SESSION_COOKIE } from './routes/sign-in.ts';
export { sessionPlugin } from './session-plugin.ts';
export { answers as databaseAnswers } from './store.ts';

export function accessRoutes(app: App, deps: { access: Access }): void {
  signInRoute(app, deps);
  signOutRoute(app, deps);
  getMeRoute(app);
}

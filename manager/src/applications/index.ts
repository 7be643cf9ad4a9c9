import type { App } from '../plugins/index.ts';
import type { ApplicationsDeps } from './deps.ts';
import { addApplicationRoute } from './routes/add-application.ts';
import { changeApplicationRoute } from './routes/change-application.ts';
import { getApplicationRoute } from './routes/get-application.ts';
import { listApplicationsRoute } from './routes/list-applications.ts';
import { removeApplicationRoute } from './routes/remove-application.ts';

export { declareApplication, undeclareApplication } from './declared-store.ts';
export type { ApplicationsDeps } from './deps.ts';

export function applicationRoutes(app: App, deps: ApplicationsDeps): void {
  listApplicationsRoute(app, deps);
  addApplicationRoute(app, deps);
  getApplicationRoute(app, deps);
  changeApplicationRoute(app, deps);
  removeApplicationRoute(app, deps);
}

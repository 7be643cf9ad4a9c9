import type { App } from '../plugins/index.ts';
import type { DeclaredDeps } from './deps.ts';
import { declareRoute } from './routes/declare.ts';
import { listDeclaredRoute } from './routes/list-declared.ts';
import { undeclareRoute } from './routes/undeclare.ts';

export function declaredRoutes(app: App, deps: DeclaredDeps): void {
  listDeclaredRoute(app, deps);
  declareRoute(app, deps);
  undeclareRoute(app, deps);
}

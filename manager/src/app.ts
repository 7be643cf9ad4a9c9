import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import {
  accessRoutes,
  databaseAnswers,
  sessionPlugin,
  type Access,
  type ServiceAccess,
} from './access/index.ts';
import { agentRoutes, type AgentsDeps } from './agents/index.ts';
import { applicationRoutes } from './applications/index.ts';
import { completenessRoutes } from './completeness/index.ts';
import { deadLetterRoutes } from './dead-letters/index.ts';
import { declaredRoutes } from './declared/index.ts';
import type { Replay } from './ingest/index.ts';
import { liveRoutes, type LiveBoard } from './live/index.ts';
import { overviewRoutes } from './overview/index.ts';
import { createHttp, health, openApi, type App, type HttpDeps } from './plugins/index.ts';
import { recordStreamRoutes } from './record-stream/index.ts';
import { reportRoutes } from './reports/index.ts';

export interface AppDeps extends AgentsDeps, Omit<HttpDeps, 'log'> {
  pool: Pool;
  access: Access;
  serviceAccess: ServiceAccess;
  board: LiveBoard;
  replay: Replay;
  metrics: Registry;
}

/** The whole HTTP API as one server that does not listen yet; tests call it by `inject`. */
export async function buildApp(deps: AppDeps): Promise<App> {
  const app = await createHttp(deps);
  await openApi(app);
  health(app, {
    metrics: deps.metrics,
    parts: { database: () => databaseAnswers(deps.db), nats: () => deps.hub.connected() },
  });
  sessionPlugin(app, deps);
  await app.register(
    (api, _options, done) => {
      const routes: App = api.withTypeProvider<ZodTypeProvider>();
      accessRoutes(routes, deps);
      agentRoutes(routes, deps);
      applicationRoutes(routes, deps);
      overviewRoutes(routes, deps);
      liveRoutes(routes, deps);
      reportRoutes(routes, deps);
      completenessRoutes(routes, deps);
      deadLetterRoutes(routes, deps);
      recordStreamRoutes(routes, deps);
      declaredRoutes(routes, deps);
      done();
    },
    { prefix: '/api/v1' },
  );
  return app;
}

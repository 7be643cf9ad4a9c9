import type { TestProject } from 'vitest/node';
import { ensureNatsServer } from '../nats-server.ts';
import { startPostgres } from '../postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a PostgreSQL server that lives as long as the test run; tests make databases of their own on it. */
    postgresUrl: string;
  }
}

/** One PostgreSQL server for the whole run. The NATS server is only made ready: tests start, stop and kill their own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  ensureNatsServer();
  const postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url);
  return () => postgres.stop();
}

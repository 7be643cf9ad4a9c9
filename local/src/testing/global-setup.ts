import type { TestProject } from 'vitest/node';
import { ensureNatsServer } from '../nats-server.ts';
import { startPostgres } from '../postgres.ts';

/** One PostgreSQL server for the whole run. The NATS server is only made ready: tests start, stop and kill their own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  ensureNatsServer();
  const postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url);
  return () => postgres.stop();
}

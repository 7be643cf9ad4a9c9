import { z } from 'zod';

const releaseSchema = z.object({
  version: z.string(),
  /** Newest migration of the release. */
  schema: z.string(),
  /**
   * Oldest schema whose releases work with that of this one too, because its migrations only added since. Its own schema when
   * left out: then there is no way back from it.
   */
  worksWith: z.string().optional(),
  /** Oldest release it can be reached from in one step. */
  from: z.string(),
  images: z.record(z.enum(['Manager', 'Ingest', 'Portal', 'Nats', 'Postgres']), z.string()),
});
/** One release of the product: what runs, and what it does to the database. */
export type Release = z.infer<typeof releaseSchema>;

export const catalogueSchema = z.array(releaseSchema).min(1);

/** The releases that this operator knows. A line that shipped is never changed: its pods would be restarted. */
export const RELEASES: readonly Release[] = [
  {
    version: '0.1.0',
    schema: '0011-coverage-agent-day',
    from: '0.1.0',
    images: {
      Manager: 'registry.processmeter.io/process-meter/manager:0.1.0',
      Ingest: 'registry.processmeter.io/process-meter/ingest:0.1.0',
      Portal: 'registry.processmeter.io/process-meter/portal:0.1.0',
      Nats: 'registry.processmeter.io/process-meter/nats:2.15.2',
      Postgres: 'registry.processmeter.io/process-meter/postgres:18.4',
    },
  },
];

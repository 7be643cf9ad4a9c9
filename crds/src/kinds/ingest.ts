import { z } from 'zod';
import type { Kind, Resource } from '../schema/kind.ts';
import { platformStatus } from '../schema/status.ts';
import { PART_COLUMNS, PART_CONDITIONS } from './parts.ts';
import { databaseBinding, messagingBinding, partFields, partStatus, shortName } from './pods.ts';

export const ingestSpecSchema = z
  .object({ ...partFields(16), database: databaseBinding, messaging: messagingBinding })
  .describe('How Ingest runs.');

const ingestStatusSchema = platformStatus(partStatus);

export type IngestSpec = z.output<typeof ingestSpecSchema>;
export type Ingest = Resource<'Ingest', IngestSpec, z.output<typeof ingestStatusSchema>>;

export const ingest = {
  kind: 'Ingest',
  plural: 'ingests',
  area: 'platform',
  shortNames: ['pmi'],
  categories: ['processmeter'],
  summary:
    "Takes agents' records from NATS into PostgreSQL and keeps the roll-up. " +
    'Normally made and kept by a ProcessMeter.',
  spec: ingestSpecSchema,
  status: ingestStatusSchema,
  nameRules: [shortName(52)],
  columns: PART_COLUMNS,
  conditions: [
    ...PART_CONDITIONS,
    { type: 'SchemaCompatible', meaning: 'The schema of the database is one that this version works with.' },
  ],
  scale: true,
} as const satisfies Kind;

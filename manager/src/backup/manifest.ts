import { z } from 'zod';

/** Format of the archives that this version writes and reads. */
export const FORMAT = 'process-meter-backup/1';
/** First entry of an archive. */
export const MANIFEST_ENTRY = 'manifest.json';
/** Last entry. An archive that ends without it is not whole. */
export const DIGESTS_ENTRY = 'digests.json';

/** Goes into SQL as it is: a backup comes from outside. */
const identifier = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);
const BOUND =
  /^(DEFAULT|FOR VALUES FROM \('[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00\+00'\) TO \('[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00\+00'\))$/;

const tableSchema = z.strictObject({
  name: identifier,
  columns: z.array(identifier).min(1),
  /** Of a partition: the table it belongs to, and which rows it takes, in the words of PostgreSQL. */
  partition: z
    .strictObject({
      of: identifier,
      bound: z.string().regex(BOUND),
      options: z.array(z.string().regex(/^[a-z_]+=[a-z0-9.]+$/)),
    })
    .nullable(),
});

/** What an archive holds, said before any row. */
export const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** The instant that all rows belong to, ISO 8601 in UTC. */
  asOf: z.iso.datetime(),
  /** `server_version_num` of the PostgreSQL that wrote the rows. */
  postgres: z.number().int(),
  /** Names of the migrations that made the schema, oldest first. */
  migrations: z.array(z.string()).min(1),
  /** Tables with rows of their own; what others refer to comes first. */
  tables: z.array(tableSchema),
  /** Next numbers of identity columns, as PostgreSQL keeps them. */
  sequences: z.array(
    z.strictObject({ name: identifier, last: z.string().regex(/^\d+$/), called: z.boolean() }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type TableShape = Manifest['tables'][number];

const digestSchema = z.strictObject({
  rows: z.number().int().min(0),
  bytes: z.number().int().min(0),
  /** SHA-256 over the rows in PostgreSQL's binary COPY format, in the order they lie in. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Digest = z.infer<typeof digestSchema>;

/** What was written of each table and each file. */
export const digestsSchema = z.strictObject({
  tables: z.record(z.string(), digestSchema),
  files: z.record(z.string(), digestSchema.omit({ rows: true })),
});
export type Digests = z.infer<typeof digestsSchema>;

/** Something about a backup that its reader has to know; told without a stack. */
export class BackupError extends Error {}

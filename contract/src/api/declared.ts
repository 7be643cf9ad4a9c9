import { z } from 'zod';

/** Kinds of custom resources whose intent the Manager keeps; the names are those of the cluster. */
export const declaredKindSchema = z.enum([
  'MonitoredApplication',
  'LicensePool',
  'ApplicationPolicy',
  'LicenseServer',
  'RentalOffer',
]);
export type DeclaredKind = z.infer<typeof declaredKindSchema>;

const nameSchema = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
const uidSchema = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9-]+$/);

export const declaredParamsSchema = z.object({
  kind: declaredKindSchema,
  namespace: nameSchema,
  name: nameSchema,
});

/** What a resource declares, with the fence that makes an old writer lose. */
export const declarationSchema = z.object({
  /** UID of the namespace of the resource: tells clusters apart that share a Manager. */
  cluster: uidSchema,
  uid: uidSchema,
  /** `metadata.creationTimestamp`, ms: of two resources of one name the one made later counts. */
  createdAt: z.number().int().min(0).max(8_640_000_000_000_000),
  generation: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  spec: z.record(z.string(), z.unknown()),
});
export type Declaration = z.infer<typeof declarationSchema>;

export const undeclareQuerySchema = z.object({ cluster: uidSchema, uid: uidSchema });

/** Use of a declared application. Instants in ms. */
export const observedApplicationSchema = z.object({
  /** Its address in the portal. */
  slug: z.string(),
  openNow: z.number().int(),
  /** Most sessions open at one instant in the last 24 h. */
  peak24h: z.number().int(),
  /** Agents that recorded it in the last 24 h. */
  agentsSeen: z.number().int(),
  /** Agents that have its present settings. */
  agentsConfigured: z.number().int(),
});
export type ObservedApplication = z.infer<typeof observedApplicationSchema>;

/** Use of a pool whose metric is counted by agents. */
export const observedPoolSchema = z.object({
  inUse: z.number().int(),
  /**
   * Most in use in the last 24 h. With several applications: the largest sum of their peaks in one quarter-hour, so
   * never less than what really was.
   */
  peak24h: z.number().int(),
  /** Below 0 when more is used than owned. */
  available: z.number().int(),
});
export type ObservedPool = z.infer<typeof observedPoolSchema>;

export const declaredSchema = z.object({
  id: z.number().int(),
  kind: declaredKindSchema,
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  generation: z.number().int(),
  /** What it names and what is not declared here, such as `MonitoredApplication/cad`. */
  missing: z.array(z.string()),
  application: observedApplicationSchema.nullable(),
  pool: observedPoolSchema.nullable(),
});
export type Declared = z.infer<typeof declaredSchema>;

export const declaredListQuerySchema = z.object({
  cluster: uidSchema,
  /** `id` of the last one of the page before. */
  after: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
});

export const declaredListSchema = z.object({
  declared: z.array(declaredSchema),
  /** `after` of the next page; null at the end. */
  next: z.number().int().nullable(),
  observedAt: z.number(),
});
export type DeclaredList = z.infer<typeof declaredListSchema>;

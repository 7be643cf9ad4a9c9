import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const entry = z.object({
  auditID: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({
    username: z.string(),
    extra: z
      .object({
        /** Of a ServiceAccount's token, `JTI=…`: what tells processes with the same account apart. */
        'authentication.kubernetes.io/credential-id': z.array(z.string()).default([]),
      })
      .optional(),
  }),
  userAgent: z.string().default(''),
  objectRef: z
    .object({
      apiGroup: z.string().default(''),
      apiVersion: z.string().default(''),
      resource: z.string().default(''),
      subresource: z.string().default(''),
      namespace: z.string().default(''),
      name: z.string().default(''),
    })
    .optional(),
  responseStatus: z.object({ code: z.number() }).optional(),
  /** When the request came in, RFC 3339 with microseconds. */
  requestReceivedTimestamp: z.string(),
});

/** One request that the API server answered. */
export type AuditEntry = z.infer<typeof entry>;

export interface AuditFilter {
  /** Exact user name, such as `system:serviceaccount:pm-system:operator`. */
  user?: string;
  /** Only what came in later than this. Milliseconds since 1970. */
  since?: number;
  /** Plural, such as `deployments`. */
  resource?: string;
}

const WITHOUT_LEASES = `- {level: None, resources: [{group: coordination.k8s.io, resources: [leases]}, {group: "", resources: [events]}, {group: events.k8s.io, resources: [events]}]}
`;

/** Every write, with its answer and without its body. */
export function auditPolicy({ leases = false }: { leases?: boolean } = {}): string {
  return `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, nonResourceURLs: ["/readyz*", "/livez*", "/healthz*", "/version", "/openapi/*", "/metrics"]}
${leases ? '' : WITHOUT_LEASES}- {level: Metadata, verbs: [create, update, patch, delete, deletecollection]}
- {level: None}
`;
}

/** Reads the audit log. The API server writes an entry before it answers, so a finished request is always in it. */
export async function readAuditLog(file: string, filter: AuditFilter = {}): Promise<AuditEntry[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  // The last piece is empty, or a line that is just being written.
  return lines
    .slice(0, -1)
    .map((line) => entry.parse(JSON.parse(line)))
    .filter((one) => matches(one, filter));
}

function matches(one: AuditEntry, { user, since, resource }: AuditFilter): boolean {
  return (
    (user === undefined || one.user.username === user) &&
    (resource === undefined || one.objectRef?.resource === resource) &&
    (since === undefined || Date.parse(one.requestReceivedTimestamp) > since)
  );
}

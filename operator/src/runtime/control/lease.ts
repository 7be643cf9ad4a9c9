import { z } from 'zod';
import { microTime } from '../kube/micro-time.ts';
import { apiVersionOf, type KubeObject, type ObjectKey, type Resource } from '../kube/object.ts';

export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

export interface LeaseRecord {
  /** '' when nobody holds it. */
  holder: string;
  durationMs: number;
  acquireTime: string | undefined;
  renewTime: string | undefined;
  transitions: number;
}

const specSchema = z.object({
  holderIdentity: z.string().nullish(),
  leaseDurationSeconds: z.number().nullish(),
  acquireTime: z.string().nullish(),
  renewTime: z.string().nullish(),
  leaseTransitions: z.number().nullish(),
});

export function readLease(lease: KubeObject): LeaseRecord {
  const spec = specSchema.parse(lease['spec'] ?? {});
  return {
    holder: spec.holderIdentity ?? '',
    durationMs: (spec.leaseDurationSeconds ?? 0) * 1000,
    acquireTime: spec.acquireTime ?? undefined,
    renewTime: spec.renewTime ?? undefined,
    transitions: spec.leaseTransitions ?? 0,
  };
}

/** A lease as it is to be stored; with `previous` the write fails if somebody was quicker. */
export function writeLease(key: ObjectKey, record: LeaseRecord, previous?: KubeObject): KubeObject {
  return {
    apiVersion: apiVersionOf(LEASES),
    kind: LEASES.kind,
    metadata: previous?.metadata ?? { name: key.name, namespace: key.namespace },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: Math.round(record.durationMs / 1000),
      acquireTime: record.acquireTime,
      renewTime: record.renewTime,
      leaseTransitions: record.transitions,
    },
  };
}

/** The record of who takes or renews the lease at `now`, ms since 1970. */
export function heldRecord(
  previous: LeaseRecord | undefined,
  { identity, durationMs, now }: { identity: string; durationMs: number; now: number },
): LeaseRecord {
  const mine = previous?.holder === identity;
  const time = microTime(now);
  return {
    holder: identity,
    durationMs,
    acquireTime: mine ? previous.acquireTime : time,
    renewTime: time,
    transitions: previous === undefined ? 0 : previous.transitions + (mine ? 0 : 1),
  };
}

import { setTimeout as pause } from 'node:timers/promises';
import type { AuditEntry, Lab } from '@process-meter/e2e/lab';
import { z } from 'zod';
import { until } from '../owned-objects.ts';
import { NAMESPACE } from '../world.ts';
import { ACCOUNT } from './crew.ts';

/** What operators wrote, leases too where the lab notes them. */
export function operatorWrites(lab: Lab, since = 0): Promise<AuditEntry[]> {
  return lab.auditLog({ user: `system:serviceaccount:${NAMESPACE}:${ACCOUNT}`, since });
}

/** What operators wrote besides their lease and events. */
export async function objectWrites(lab: Lab, since = 0): Promise<AuditEntry[]> {
  const all = await operatorWrites(lab, since);
  return all.filter(({ objectRef }) => !['leases', 'events'].includes(objectRef?.resource ?? ''));
}

/** Long, because this machine may be busy with other tests too. */
const READY_MS = 300_000;

/** Waits until the ProcessMeter is ready and nothing is written any more. */
export async function settled(lab: Lab): Promise<void> {
  await until('the ProcessMeter is ready', () => isReady(lab), READY_MS);
  await until('nothing is written for two seconds', async () => {
    const before = (await objectWrites(lab)).length;
    await pause(2000);
    return (await objectWrites(lab)).length === before;
  });
}

const resourceSchema = z.object({
  metadata: z.object({ generation: z.number() }),
  status: z.object({
    observedGeneration: z.number().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});

async function isReady(lab: Lab): Promise<boolean> {
  const text = await lab.kubectl(['get', 'processmeter/meter', '-n', NAMESPACE, '-o', 'json']);
  const found = resourceSchema.safeParse(JSON.parse(text));
  if (!found.success) return false;
  const { metadata, status } = found.data;
  const ready = status.conditions.some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
  return ready && status.observedGeneration === metadata.generation;
}

export const told = (entries: readonly AuditEntry[]): string[] =>
  entries.map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI} ${responseStatus?.code}`);

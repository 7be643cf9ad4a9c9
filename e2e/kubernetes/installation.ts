import { completeTrustFiles } from '@process-meter/contract';
import type { Lab } from '@process-meter/e2e/lab';
import { z } from 'zod';

const SECRETS = { database: 'meter-database', trust: 'meter-nats-trust' };

const secret = (name: string, stringData: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

/** What a person makes before a ProcessMeter on servers of their own. */
export function externalSecrets(): object[] {
  const files: Record<string, string> = {};
  completeTrustFiles((name, make) => (files[name] ??= make()), Date.now());
  return [
    secret(SECRETS.database, { uri: 'postgres://meter:secret@db.corp.local:6432/meter' }),
    secret(SECRETS.trust, files),
  ];
}

/** A ProcessMeter on a database and message servers outside of the cluster. */
export function externalProcessMeter(spec: object = {}, name = 'meter'): object {
  return {
    apiVersion: 'processmeter.io/v1alpha1',
    kind: 'ProcessMeter',
    metadata: { name },
    spec: {
      version: '0.1.0',
      database: { mode: 'External', external: { secretRef: { name: SECRETS.database } } },
      messaging: {
        mode: 'External',
        external: { servers: ['nats://nats.corp.local:4222'], trustSecretRef: { name: SECRETS.trust } },
      },
      exposure: { host: 'meter.corp.local', ingress: { tlsSecretName: 'meter-tls' } },
      ...spec,
    },
  };
}

/** A ProcessMeter with everything inside the cluster: for evaluation. */
export function evaluationProcessMeter(spec: object = {}): object {
  return {
    apiVersion: 'processmeter.io/v1alpha1',
    kind: 'ProcessMeter',
    metadata: { name: 'meter' },
    spec: {
      version: '0.1.0',
      database: { mode: 'Embedded', embedded: {} },
      messaging: { mode: 'Embedded', embedded: {} },
      ...spec,
    },
  };
}

const named = { metadata: { name: 'x' } };

/** The same objects in a namespace. */
export function inNamespace(namespace: string, objects: readonly object[]): object[] {
  return objects.map((object) => {
    const { metadata } = { ...named, ...object };
    return { ...object, metadata: { ...metadata, namespace } };
  });
}

const statusSchema = z.looseObject({
  metadata: z.looseObject({ generation: z.number() }),
  status: z
    .looseObject({
      observedGeneration: z.number().optional(),
      conditions: z
        .array(
          z.looseObject({ type: z.string(), status: z.string(), reason: z.string(), message: z.string() }),
        )
        .default([]),
    })
    .default({ conditions: [] }),
});

/** The condition of an object: `True Reason`, or empty when it does not say. */
export async function condition(
  lab: Lab,
  { what, namespace, type }: { what: string; namespace: string; type: string },
): Promise<string> {
  const text = await lab.kubectl(['get', what, '-n', namespace, '-o', 'json']);
  const found = statusSchema.parse(JSON.parse(text)).status.conditions.find((one) => one.type === type);
  return found === undefined ? '' : `${found.status} ${found.reason}`;
}

/** Waits until an object says that its present generation is ready. @throws with its status when it does not */
export async function untilReady(lab: Lab, what: string, namespace: string): Promise<void> {
  const end = Date.now() + 100_000;
  for (;;) {
    const text = await lab.kubectl(['get', what, '-n', namespace, '-o', 'json']);
    const { metadata, status } = statusSchema.parse(JSON.parse(text));
    const ready = status.conditions.some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
    if (ready && status.observedGeneration === metadata.generation) return;
    if (Date.now() > end) throw new Error(`${what} is not ready: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

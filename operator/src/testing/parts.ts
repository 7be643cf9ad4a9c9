import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import { createMetrics, type RuntimeMetrics } from '../runtime/report/metrics.ts';
import type { KubeObject, Resource } from '../runtime/kube/object.ts';

/** A kind that exists for tests only: the runtime knows none. */
export const WIDGETS: Resource = {
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

export const SECRETS: Resource = {
  group: '',
  version: 'v1',
  plural: 'secrets',
  kind: 'Secret',
  namespaced: true,
};

export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

export function widget(name: string, spec: object = {}, namespace = 'default'): KubeObject {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, namespace }, spec };
}

export function widgetPath(name: string, namespace = 'default'): string {
  return `/apis/example.com/v1/namespaces/${namespace}/widgets/${name}`;
}

/** Logs that a test reads. */
export function testLog(): {
  log: Logger;
  lines: () => { level: number; msg: string; [field: string]: unknown }[];
} {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      done();
    },
  });
  return { log: pino({ level: 'debug' }, stream), lines: () => written.map((line) => JSON.parse(line)) };
}

/** The value of a counter or gauge with these labels; 0 when it was never touched. */
export async function metric(
  metrics: RuntimeMetrics,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const found = (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
  return found
    .filter((value) => Object.entries(labels).every(([label, wanted]) => value.labels[label] === wanted))
    .reduce((sum, value) => sum + value.value, 0);
}

export { createMetrics };

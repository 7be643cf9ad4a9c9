import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** A certificate of 127.0.0.1 that signs itself, for the length of a test. */
export function testCertificate(): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'pm-stub-'));
  try {
    const [cert, key] = [join(folder, 'cert'), join(folder, 'key')];
    const args =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=stub ' +
      `-addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${cert}`;
    execFileSync('openssl', args.split(' '), { stdio: 'ignore' });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

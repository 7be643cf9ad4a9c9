import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHARTS } from './generated-files.ts';
import { helmAlone, type HelmVersion } from './helm.ts';

/** A set of values of a chart, and the manifests it renders to. */
export interface Golden {
  readonly chart: string;
  readonly name: string;
  /** Paths. */
  readonly values: string;
  readonly manifests: string;
  /** What Helm tells people afterwards. */
  readonly notes: string;
}

export const GOLDEN = join(CHARTS, 'golden');
/** The least version that the charts accept. Without a cluster each Helm believes in another. */
export const KUBE_VERSION = '1.30.0';
const MONITORING = 'monitoring.coreos.com/v1';

/** All sets: `charts/golden/<chart>/<name>.values.yaml`. Those called `monitoring…` render as where Prometheus is. */
export function goldens(): Golden[] {
  return readdirSync(GOLDEN).flatMap((chart) =>
    readdirSync(join(GOLDEN, chart))
      .filter((file) => file.endsWith('.values.yaml'))
      .map((file) => {
        const name = file.slice(0, -'.values.yaml'.length);
        return {
          chart,
          name,
          values: join(GOLDEN, chart, file),
          manifests: join(GOLDEN, chart, `${name}.yaml`),
          notes: join(GOLDEN, chart, `${name}.notes.txt`),
        };
      }),
  );
}

/** What a set renders to; the definitions, which are tested on their own, left out. */
export async function renderGolden(golden: Golden, version: HelmVersion): Promise<string> {
  const served = golden.name.startsWith('monitoring') ? ['--api-versions', MONITORING] : [];
  const text = await helmAlone(version, [
    'template',
    'meter',
    join(CHARTS, golden.chart),
    '--namespace=metering',
    `--kube-version=${KUBE_VERSION}`,
    `--values=${golden.values}`,
    ...served,
  ]);
  return documents(text)
    .filter((document) => !/^kind: CustomResourceDefinition$/m.test(document))
    .map((document) => `---\n${document}\n`)
    .join('');
}

/** What people are told who install a set. By Helm 4: Helm 3 does not say it without a cluster. */
export async function notesOf({ chart, values }: Golden): Promise<string> {
  const args = ['--namespace=metering', '--dry-run=client', `--values=${values}`];
  return notesIn(await helmAlone(4, ['install', 'meter', join(CHARTS, chart), ...args]));
}

/** The notes of a chart in what `helm install` printed. */
export function notesIn(said: string): string {
  const [, notes] = said.split('\nNOTES:\n');
  if (notes === undefined) throw new Error(`no notes were printed: ${said.slice(-500)}`);
  return `${notes.trim()}\n`;
}

/** The documents of a rendered chart. */
export function documents(text: string): string[] {
  return text
    .split(/^---$/m)
    .map((document) => document.trim())
    .filter((document) => document !== '');
}

export function committed(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Writes all of them anew, after a wanted change. */
export async function writeGoldens(): Promise<void> {
  for (const golden of goldens()) {
    mkdirSync(join(golden.manifests, '..'), { recursive: true });
    writeFileSync(golden.manifests, await renderGolden(golden, 4));
    writeFileSync(golden.notes, await notesOf(golden));
  }
}

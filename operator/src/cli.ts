import { readFileSync } from 'node:fs';
import { loadAllYaml } from '@kubernetes/client-node';
import { objectSchema, processMeter, processMeterSpecSchema, toYaml, API_VERSION } from '@process-meter/crds';
import { z } from 'zod';
import type { Desired } from './runtime/index.ts';
import { releaseFor } from './release/move.ts';
import { readReleases } from './release/read.ts';
import { renderEverything } from './render/everything.ts';
import { imagesIn } from './render/images-in.ts';

const HELP = `Usage: operator COMMAND [FILE]

  render      print what an operator would make of a ProcessMeter, as YAML. FILE is the resource in YAML or JSON, such as
              kubectl get processmeter meter -o json; standard input without it. Checksums of Secrets are not read.
  images      print the images that manifests use, one a line: those they name, and those that an operator would run for
              each ProcessMeter among them. FILE holds YAML documents, such as the output of helm template.
`;

/** What `render` prints for a ProcessMeter. @throws when it is none, or its release is not known */
export function renderText(text: string, releasesFile: string | undefined): string {
  const [document, ...more] = documentsIn(text);
  if (more.length > 0) throw new Error(`one ProcessMeter is rendered at a time, not ${more.length + 1}`);
  return rendered(document, releasesFile)
    .map(({ object }) => toYaml(object))
    .join('---\n');
}

/** What `images` prints for manifests. @throws when a release is not known */
export function imagesText(text: string, releasesFile: string | undefined): string {
  const objects = documentsIn(text).flatMap((document): unknown[] =>
    isProcessMeter(document) ? rendered(document, releasesFile).map(({ object }) => object) : [document],
  );
  return imagesIn(objects)
    .map((image) => `${image}\n`)
    .join('');
}

function rendered(document: unknown, releasesFile: string | undefined): Desired[] {
  const checked = objectSchema(processMeter).parse(document);
  const spec = processMeterSpecSchema.parse(checked.spec);
  const found = releaseFor(
    spec.version,
    { version: undefined, schemaVersion: undefined },
    readReleases(releasesFile),
  );
  if ('refusal' in found) throw new Error(found.refusal.message);
  const { name, namespace = 'default' } = checked.metadata;
  const resource = {
    apiVersion: API_VERSION,
    kind: 'ProcessMeter' as const,
    metadata: { name, namespace },
    spec,
  };
  return renderEverything(resource, found.release);
}

function isProcessMeter(document: unknown): boolean {
  return (
    typeof document === 'object' &&
    document !== null &&
    'kind' in document &&
    document.kind === processMeter.kind
  );
}

/** Documents with nothing but comments in them are left out. */
function documentsIn(text: string): unknown[] {
  return text
    .split(/^---$/m)
    .filter((document) => /^\s*[^#\s]/m.test(document))
    .flatMap((document): unknown[] => loadAllYaml(document));
}

const commands = new Map([
  ['render', renderText],
  ['images', imagesText],
]);

if (import.meta.main) {
  const [name, file] = process.argv.slice(2);
  const command = commands.get(name ?? '');
  if (command === undefined) {
    (name === undefined ? process.stdout : process.stderr).write(HELP);
    process.exitCode = name === undefined ? 0 : 2;
  } else {
    const { PM_RELEASES_FILE } = z.object({ PM_RELEASES_FILE: z.string().optional() }).parse(process.env);
    process.stdout.write(command(readFileSync(file ?? 0, 'utf8'), PM_RELEASES_FILE));
  }
}

import { readFileSync } from 'node:fs';
import { objectSchema, processMeter, processMeterSpecSchema, toYaml, API_VERSION } from '@process-meter/crds';
import { z } from 'zod';
import { releaseFor } from './release/move.ts';
import { readReleases } from './release/read.ts';
import { renderEverything } from './render/everything.ts';

const HELP = `Usage: operator render [FILE]

  render      print what an operator would make of a ProcessMeter, as YAML. FILE is the resource in JSON, such as
              kubectl get processmeter meter -o json; standard input without it. Checksums of Secrets are not read.
`;

/** What the command prints for a ProcessMeter in JSON. @throws when it is none, or its release is not known */
export function renderText(json: string, releasesFile: string | undefined): string {
  const checked = objectSchema(processMeter).parse(JSON.parse(json));
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
  return renderEverything(resource, found.release)
    .map(({ object }) => toYaml(object))
    .join('---\n');
}

if (import.meta.main) {
  const [command, file] = process.argv.slice(2);
  if (command === 'render') {
    const { PM_RELEASES_FILE } = z.object({ PM_RELEASES_FILE: z.string().optional() }).parse(process.env);
    process.stdout.write(renderText(readFileSync(file ?? 0, 'utf8'), PM_RELEASES_FILE));
  } else {
    (command === undefined ? process.stdout : process.stderr).write(HELP);
    process.exitCode = command === undefined ? 0 : 2;
  }
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildImages, type BuiltImage } from './build.ts';
import { serverPlans, servicePlans } from './images.ts';
import { findServers } from './servers.ts';
import { VERSION } from './version.ts';

const HELP = `Usage: npm run images -- [options] [name ...]

Makes the OCI images of this version without a container engine: for each an archive (an OCI image layout as one tar), its
bill of materials (CycloneDX) and the licences of what is in it. The same sources give the same digests.

Names: operator manager ingest portal nats postgres (all of them when none is given)

  --to FOLDER   where they are written (dist/images)
  --help        this text
`;

const { values, positionals } = parseArgs({
  options: { to: { type: 'string', default: 'dist/images' }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (values.help) process.stdout.write(HELP);
else await make(resolve(values.to), positionals);

async function make(folder: string, names: readonly string[]): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const plans = [...servicePlans(VERSION), ...serverPlans(findServers(say))];
  const unknown = names.filter((name) => !plans.some((plan) => plan.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`There is no image ${unknown.join(', ')}.\n\n${HELP}`);
    process.exitCode = 2;
    return;
  }
  const chosen = plans.filter(({ name }) => names.length === 0 || names.includes(name));
  const built = await buildImages(chosen, { folder, say });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'images.json'), `${JSON.stringify(built.map(withoutFolder), null, 2)}\n`);
  for (const image of built) say(`${(image.bytes / 1e6).toFixed(1).padStart(7)} MB  ${image.archive}`);
}

function withoutFolder({ name, tag, digest, bytes }: BuiltImage): object {
  return { name, tag, digest, bytes };
}

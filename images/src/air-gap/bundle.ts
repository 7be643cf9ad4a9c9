import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import type { BuiltImage } from '../build.ts';
import { SAME_TWICE } from '../layer.ts';
import { architecture } from '../oci.ts';
import { packChart } from './chart.ts';
import { signFile } from './signature.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CHARTS = ['process-meter-operator', 'process-meter'];
const SUMS = 'SHA256SUMS';

export interface BundleOptions {
  version: string;
  /** Makes the images into a folder. */
  images: (folder: string) => Promise<readonly BuiltImage[]>;
  /** Folder for the bundle. */
  to: string;
  /** File with the private key; none: the bundle is not signed. */
  key: string | undefined;
}

/**
 * Makes one file that holds all an installation without the internet needs: charts, images with their bills of materials
 * and licences, a script that brings the images into a registry, checksums of everything, and their signature. The same
 * sources give the same bytes.
 * @returns its path
 */
export async function makeBundle({ version, images, to, key }: BundleOptions): Promise<string> {
  const name = `process-meter-${version}-${architecture()}`;
  const folder = join(to, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'charts'), { recursive: true });
  for (const chart of CHARTS) packChart(join(ROOT, 'charts', chart), join(folder, 'charts'));
  const built = await images(join(folder, 'images'));
  writeFileSync(join(folder, 'images.txt'), built.map(lineOf).join(''));
  for (const file of ['load-images.sh', 'README.txt'])
    copyFileSync(join(import.meta.dirname, file), join(folder, file));
  chmodSync(join(folder, 'load-images.sh'), 0o755);
  writeFileSync(join(folder, SUMS), checksums(folder));
  if (key !== undefined) signFile(join(folder, SUMS), key);
  const archive = join(to, `${name}.tar`);
  execFileSync('tar', [...SAME_TWICE, '--format=gnu', '-C', to, '-cf', `${archive}.part`, name]);
  renameSync(`${archive}.part`, archive);
  rmSync(folder, { recursive: true });
  return archive;
}

/** An image a line: its archive, its name, the digest of its manifest. */
const lineOf = ({ name, tag, digest }: BuiltImage): string =>
  `${name}-${tag}.tar process-meter/${name}:${tag} ${digest}\n`;

/** As `sha256sum` writes and checks them. */
function checksums(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => {
      const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
      return `${sum}  ${relative(folder, file)}\n`;
    })
    .join('');
}

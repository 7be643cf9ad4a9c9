import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SAME_TWICE } from '../layer.ts';

/** Packs a chart as `helm package` does, but so that the same chart gives the same bytes. @returns the archive's path */
export function packChart(folder: string, to: string): string {
  const name = basename(folder);
  const version = /^version: *(\S+)$/m.exec(readFileSync(join(folder, 'Chart.yaml'), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${folder}/Chart.yaml has no version`);
  const tar = execFileSync(
    'tar',
    [...SAME_TWICE, '--format=gnu', '--mode=u=rwX,go=rX', '-C', dirname(folder), '-cf', '-', name],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const archive = join(to, `${name}-${version}.tgz`);
  writeFileSync(archive, gzipSync(tar, { level: 9 }));
  return archive;
}

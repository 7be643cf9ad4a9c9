import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArchive } from '@process-meter/images/archive';
import { packLayer } from '@process-meter/images/layer';
import { PAUSE_IMAGE } from './files.ts';

const NOBODY = 65_535;
/** Of Debian's busybox-static. */
const BUSYBOX = '/bin/busybox';

/** Makes the image of the container that holds a pod's network and does nothing. @returns the archive */
export function makePauseImage(folder: string): string {
  const files = mkdtempSync(join(tmpdir(), 'pm-pause-'));
  try {
    mkdirSync(join(files, 'bin'));
    copyFileSync(BUSYBOX, join(files, 'bin', 'busybox'));
    const archive = join(folder, 'pause.tar');
    const [name = '', tag = ''] = PAUSE_IMAGE.split(':');
    const image = {
      name,
      tag,
      entrypoint: ['/bin/busybox', 'sleep', '2147483647'],
      command: [],
      user: NOBODY,
      workingDir: '/',
      env: {},
      labels: {},
    };
    writeArchive(archive, image, [packLayer(files)]);
    return archive;
  } finally {
    rmSync(files, { recursive: true, force: true });
  }
}

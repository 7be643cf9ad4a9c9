import { mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Binaries } from '../binaries.ts';
import type { ObjectStorage } from '../lab.ts';
import type { Place } from '../place.ts';
import { until } from '../wait.ts';

const PORT = 7070;

/** Starts an S3 server in the lab's network. @returns its address, such as `https://198.18.1.2:7070` */
export async function startObjectStorage(
  place: Place,
  binaries: Binaries,
  { certificate, key, account, bucket }: ObjectStorage,
): Promise<string> {
  const objects = join(place.run, 's3-objects');
  const attributes = join(place.run, 's3-attributes');
  mkdirSync(join(objects, bucket), { recursive: true });
  mkdirSync(attributes);
  const tls = ['--cert', certificate, '--key', key];
  const who = ['--access', account.access, '--secret', account.secret];
  const where = ['posix', '--sidecar', attributes, objects];
  await place.start('s3', binaries.path('versitygw'), [
    ...tls,
    ...who,
    '--port',
    `${place.address}:${PORT}`,
    '--quiet',
    ...where,
  ]);
  await until('the S3 server', () => accepts(place.address));
  return `https://${place.address}:${PORT}`;
}

async function accepts(host: string): Promise<boolean> {
  const socket = createConnection(PORT, host);
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return isOpen;
}

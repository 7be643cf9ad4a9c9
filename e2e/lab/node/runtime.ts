import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon, Place } from '../place.ts';
import { until } from '../wait.ts';
import { containerdConfig, containerdSocket, writeRuntimeFiles } from './files.ts';
import { makePauseImage } from './pause-image.ts';

/** Programs of the Debian packages that a node needs. */
const NEEDED = [
  '/usr/bin/containerd',
  '/usr/sbin/runc',
  '/usr/sbin/nft',
  '/usr/lib/cni/bridge',
  '/bin/busybox',
];
const IMPORT_MS = 120_000;

/** containerd, into which images are brought before there is a kubelet that wants them. */
export interface Runtime {
  daemon: Daemon;
  start(): Promise<Daemon>;
  importImages(archives: readonly string[]): Promise<void>;
}

/** Prepares the namespaces for containers and starts containerd. @throws Error with what the machine lacks */
export async function startRuntime(place: Place): Promise<Runtime> {
  if (place.isolation.kind === 'plain')
    throw new Error(`a real node needs namespaces of its own: ${place.isolation.reason}`);
  const missing = NEEDED.filter((path) => !existsSync(path));
  if (missing.length > 0)
    throw new Error(
      `a real node needs ${missing.join(', ')}: apt-get install containerd runc nftables containernetworking-plugins busybox-static`,
    );
  await place.execute('/bin/bash', [join(import.meta.dirname, 'prepare.sh'), place.run]);
  writeRuntimeFiles(place.run, place.address);
  const ctr = (...args: string[]): Promise<string> =>
    place.execute('ctr', ['--address', containerdSocket(place.run), '--namespace', 'k8s.io', ...args], {
      timeoutMs: IMPORT_MS,
    });
  const start = async (): Promise<Daemon> => {
    const daemon = await place.start('containerd', '/usr/bin/containerd', [
      '--config',
      containerdConfig(place.run),
    ]);
    await until('containerd', async () => (await ctr('version')) !== '');
    return daemon;
  };
  const importImages = async (archives: readonly string[]): Promise<void> => {
    for (const archive of archives) await ctr('images', 'import', archive);
  };
  const daemon = await start();
  await importImages([makePauseImage(place.run)]);
  return { daemon, start, importImages };
}

import { join } from 'node:path';
import { answer, mustRun, root, say } from './commands.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** Certificates, and the networks of labs. */
const PACKAGES = ['openssl', 'iproute2'];
/** A real node: what runs containers, and connects them; busybox is what a pod begins with. */
const NODE = ['containerd', 'runc', 'containernetworking-plugins', 'nftables', 'busybox-static'];
const cli = join(root, 'e2e', 'lab', 'cli.ts');

/**
 * Brings everything a lab starts from into the cache: Kubernetes, etcd, KWOK and Helm, and the S3
 * server that backups are tried with, built from their Go modules.
 * Any Go will do, the wanted version is fetched through the module proxy; without one, Debian's is installed.
 * @throws SetupError with the reason
 */
export async function buildLab(tools) {
  const built = answer(tools.node, [cli, 'build', '--check']) !== undefined;
  const needsGo = !built && answer('go', ['version']) === undefined;
  await ensureSystemPackages([...PACKAGES, ...NODE, ...(needsGo ? ['golang-go'] : [])]);
  if (built) return;
  say('building Kubernetes, etcd, KWOK, Helm and an S3 server from their Go modules (once, about 10 min)');
  await mustRun('building the lab', tools.node, [cli, 'build'], { env: tools.env, show: true });
}

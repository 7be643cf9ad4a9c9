import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenOf } from '@process-meter/e2e/kubernetes/testing/crew';
import type { World } from '@process-meter/e2e/kubernetes/world';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As in the chart. */
const NODE_OPTIONS = '--max-old-space-size=96 --max-semi-space-size=4';

/** The operator as in its pod: the bundle of its image, with the token of its service account in the place for it. */
export interface OperatorPod {
  pid: number;
  stop(): Promise<void>;
}

/** Programs of the images. @returns their folder */
export function bundlePrograms(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pm-bundles-'));
  execFileSync(process.execPath, [join(ROOT, 'images', 'src', 'bundles.ts'), folder]);
  return folder;
}

export function startPod(world: World, bundles: string, env: Record<string, string>): OperatorPod {
  const folder = mkdtempSync(join(tmpdir(), 'pm-token-'));
  writeFileSync(join(folder, 'token'), tokenOf(world.kubeconfig), { mode: 0o600 });
  writeFileSync(join(folder, 'ca.crt'), world.lab.ca);
  mkdirSync(FOLDER, { recursive: true });
  const { hostname, port } = new URL(world.lab.url);
  const enter = 'mount --bind "$0" "$1" && exec "$2" "$3"';
  const program = [process.execPath, join(bundles, 'operator', 'app', 'operator.js')];
  const child = spawn('unshare', ['--mount', 'sh', '-c', enter, folder, FOLDER, ...program], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      NODE_OPTIONS,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      PM_NAMESPACE: world.namespace,
      PM_LEASE_MS: '3000',
      PM_PORT: '0',
      ...env,
    },
  });
  if (child.pid === undefined) throw new Error('the operator did not start');
  const ended = once(child, 'exit');
  return {
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

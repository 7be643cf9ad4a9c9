import { binariesAreReady, ensureBinaries, runCommand } from '@process-meter/e2e/lab';

export type HelmVersion = 3 | 4;
export const HELM_VERSIONS: readonly HelmVersion[] = [3, 4];

/** Runs a Helm of the lab without a cluster. @returns what it printed @throws CommandError */
export async function helmAlone(version: HelmVersion, args: readonly string[]): Promise<string> {
  if (!binariesAreReady())
    throw new Error('the binaries of the lab are not built: node e2e/lab/cli.ts build');
  const binaries = await ensureBinaries();
  // No home and no cluster: nothing of the user's settings counts.
  return runCommand(binaries.path(`helm${version}`), args, {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', HELM_NO_PLUGINS: '1' },
  });
}

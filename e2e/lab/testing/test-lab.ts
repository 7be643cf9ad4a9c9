import { binariesAreReady } from '../binaries.ts';
import type { Lab, LabOptions } from '../lab.ts';
import { startLab } from '../start.ts';

/**
 * A lab for tests. Where nothing is built yet the test fails at once and says what to do: a build takes minutes, far
 * more than a test may.
 */
export async function startTestLab(options: LabOptions = {}): Promise<Lab> {
  if (!binariesAreReady())
    throw new Error('the binaries of the lab are not built: node e2e/lab/cli.ts build');
  return startLab(options);
}

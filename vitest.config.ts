import { defineConfig } from 'vitest/config';

const packages = ['contract', 'crds', 'agent', 'manager', 'operator', 'local', 'portal', 'images'];

const project = (root: string, include: string[], name = root) => ({
  extends: true as const,
  resolve: { conditions: ['node'] },
  test: { name, root: `./${root}`, include },
});

const lab = project(
  'e2e',
  ['lab/**/*.test.ts', 'kubernetes/**/*.test.ts', 'node/*.test.ts', 'object-storage/*.test.ts'],
  'lab',
);
const node = project('e2e', ['node/faults/*.test.ts'], 'node');

/**
 * Tests share processes and are not isolated: everything a test needs comes in through arguments. Processes and not
 * threads: a thread that left a request unanswered may never end (Node 24 then spins in its cleanup), and the run with it.
 */
export default defineConfig({
  test: {
    globalSetup: './local/src/testing/global-setup.ts',
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      ...packages.map((name) =>
        project(name, ['src/**/*.test.ts', 'migrations/**/*.test.ts', 'scripts/**/*.test.ts']),
      ),
      // Real processes that are killed: minutes each, so one after the other and in a run of their own.
      project('e2e', ['faults/**/*.test.ts'], 'faults'),
      // A Kubernetes control plane: needs binaries that are built once (`node e2e/lab/cli.ts build`).
      { ...lab, test: { ...lab.test, testTimeout: 120_000, hookTimeout: 120_000 } },
      // Containers on a real node that are killed: only in long runs.
      { ...node, test: { ...node.test, testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
});

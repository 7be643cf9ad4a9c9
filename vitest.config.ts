import { defineConfig } from 'vitest/config';

const packages = ['contract', 'agent', 'manager', 'local', 'portal'];

/** Tests share threads and are not isolated: everything a test needs comes in through arguments. */
export default defineConfig({
  test: {
    globalSetup: './local/src/testing/global-setup.ts',
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: packages.map((name) => ({
      extends: true,
      resolve: { conditions: ['node'] },
      test: {
        name,
        root: `./${name}`,
        include: ['src/**/*.test.ts', 'migrations/**/*.test.ts', 'scripts/**/*.test.ts'],
      },
    })),
  },
});

import { defineConfig } from '@playwright/test';
import { CHROMIUM } from './stack/chromium.ts';

// Files run side by side, each with an appliance and a desktop of its own; within a file the desktop, its keyboard and its
// focus are one.
const config = defineConfig({
  testDir: 'specs',
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  // A desktop and a browser on two busy cores: a second try is allowed, and is named at the end of the run.
  retries: process.env['CI'] === undefined ? 0 : 1,
  timeout: 60_000,
  reporter: 'list',
  snapshotPathTemplate: 'pictures/{arg}{ext}',
  expect: { toHaveScreenshot: { maxDiffPixels: 300, animations: 'disabled' } },
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: CHROMIUM,
  },
});

// Playwright reads its configuration from the default export.
export { config as default };

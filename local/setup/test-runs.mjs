import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run, say, SetupError } from './commands.mjs';
import { buildLab } from './lab-build.mjs';

/** Runs the unit and integration tests. @returns {Promise<{ passed: number, failed: number }>} */
export function unitTests(tools) {
  return vitest(
    tools,
    ['!faults', '!lab', '!node'].flatMap((name) => ['--project', name]),
  );
}

/** Runs the tests that kill real processes; `PM_KILLS` says how often. */
export function faultTests(tools) {
  return vitest(tools, ['--project', 'faults']);
}

/**
 * Runs the tests on a Kubernetes control plane of our own. Where it cannot be built that is a failure, with its
 * reason: a lab that is skipped proves nothing.
 */
export function labTests(tools) {
  return onLab(tools, ['--project', 'lab']);
}

/** Runs the tests that kill containers and the node under them; `PM_NODE_KILLS` says how often. */
export function nodeTests(tools) {
  return onLab(tools, ['--project', 'node']);
}

async function onLab(tools, args) {
  try {
    await buildLab(tools);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    return { passed: 0, failed: 1 };
  }
  return vitest(tools, args);
}

function vitest(tools, args) {
  return withReport(async (report) => {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { code } = await run('pnpm', ['exec', 'vitest', 'run', ...args, ...reporters], {
      env: tools.env,
      show: true,
    });
    return counted(code, report, countVitest);
  });
}

/** Runs the browser tests on the whole chain, once there are any. */
export function browserTests(tools) {
  const specs = join(root, 'e2e', 'specs');
  if (!existsSync(specs) || readdirSync(specs).length === 0) return { passed: 0, failed: 0 };
  return withReport(async (report) => {
    const { code } = await run('pnpm', ['exec', 'playwright', 'test', '--reporter=list,json'], {
      cwd: join(root, 'e2e'),
      env: { ...tools.env, PLAYWRIGHT_JSON_OUTPUT_NAME: report, CI: 'true' },
      show: true,
    });
    return counted(code, report, countPlaywright);
  });
}

async function withReport(task) {
  const dir = mkdtempSync(join(tmpdir(), 'pm-test-'));
  try {
    return await task(join(dir, 'report.json'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A run that ended badly without a failed test (a crash, an error outside of tests) counts as one failure. */
function counted(code, report, count) {
  const { passed, failed } = existsSync(report)
    ? count(JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: 1 };
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** Tests that were not run are failures: a test that is skipped guarantees nothing. */
function countVitest(report) {
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numPendingTests + (report.numTodoTests ?? 0) + unloaded.length,
  };
}

/** What passed at its second try only is named: it passed, and it is a race to be found. */
function countPlaywright({ stats, suites, errors = [] }) {
  for (const title of suites.flatMap(secondTries)) say(`NOTE passed at its second try only: ${title}`);
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + stats.skipped + errors.length,
  };
}

function secondTries({ specs = [], suites = [] }) {
  const own = specs.filter(({ tests }) => tests.some(({ status }) => status === 'flaky'));
  return [...own.map(({ file, title }) => `${file} › ${title}`), ...suites.flatMap(secondTries)];
}

import { bootstrap } from './bootstrap.mjs';
import { checkLanes } from './checks.mjs';
import { say, SetupError, since } from './commands.mjs';
import { buildPortal } from './portal-build.mjs';
import { browserTests, faultTests, labTests, nodeTests, unitTests } from './test-runs.mjs';

const PARTS = ['checks', 'unit', 'lab', 'faults', 'e2e'];
/** Only when it is asked for: it takes as long as all others together. */
const LONG = ['node'];
const ON_LAB = ['lab', 'node'];
const started = Date.now();
const totals = { passed: 0, failed: 0 };

try {
  await main();
} catch (error) {
  totals.failed += 1;
  say(error instanceof SetupError ? error.message : String(error instanceof Error ? error.stack : error));
}
say(`all done in ${since(started)}`);
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;

async function main() {
  const parts = wantedParts(process.argv.slice(2));
  const tools = await bootstrap({
    desktop: parts.some((part) => part !== 'checks'),
    browser: parts.some((part) => ['lab', 'e2e'].includes(part)),
    images: parts.some((part) => ['unit', ...ON_LAB].includes(part)),
    registry: parts.some((part) => ['unit', ...ON_LAB].includes(part)),
  });
  say(`ready after ${since(started)}`);
  if (parts.includes('checks')) await checks(tools);
  // Tests start the appliance with its portal; the checks have built it already when they ran.
  if (parts.some((part) => part !== 'checks')) await buildPortal(tools, { budget: false });
  if (parts.includes('unit')) add('unit and integration tests', Date.now(), await unitTests(tools));
  if (parts.includes('lab')) add('tests on a Kubernetes control plane', Date.now(), await labTests(tools));
  if (parts.includes('node')) add('faults on a real node', Date.now(), await nodeTests(tools));
  if (parts.includes('faults')) add('fault tests', Date.now(), await faultTests(tools));
  if (parts.includes('e2e')) add('browser tests', Date.now(), await browserTests(tools));
}

function wantedParts(args) {
  if (args.length === 0) return PARTS;
  const wanted = args.map((arg) => /^--only=(.+)$/.exec(arg)?.[1]);
  const known = [...PARTS, ...LONG];
  if (wanted.every((part) => known.includes(part))) return wanted;
  throw new SetupError(`usage: npm test [-- --only=${known.join('|')}]`);
}

async function checks(tools) {
  await Promise.all(
    checkLanes(tools).map(async (lane) => {
      for (const check of lane) {
        const begun = Date.now();
        const { code, output } = await check.run();
        if (code !== 0) process.stdout.write(output.endsWith('\n') ? output : `${output}\n`);
        add(check.name, begun, code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
      }
    }),
  );
}

function add(name, begun, { passed, failed }) {
  totals.passed += passed;
  totals.failed += failed;
  say(`${failed === 0 ? 'ok    ' : 'FAILED'} ${name}: ${passed} passed, ${failed} failed (${since(begun)})`);
}

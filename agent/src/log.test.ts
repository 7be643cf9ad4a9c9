import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = `
  import { createLog } from ${JSON.stringify(fileURLToPath(new URL('log.ts', import.meta.url)))};
  const log = createLog('info');
  for (let n = 0; n < 3; n += 1) log.info({ n }, 'a line');
  log.debug({}, 'not told');
  process.stderr.write('alive');`;

function run(stdout: number | 'pipe'): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', `${program}`], {
    encoding: 'utf8',
    stdio: ['ignore', stdout, stdout === 'pipe' ? 'ignore' : 'pipe'],
    timeout: 20_000,
  });
}

test('the log is lines of JSON', () => {
  const lines = run('pipe').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ n: 0 }, { n: 1 }, { n: 2, msg: 'a line' }]);
});

test('a log on a full disk stops nobody', () => {
  const full = openSync('/dev/full', 'w');
  // It would not come back in time, or end with an error.
  expect(() => run(full)).not.toThrow();
  closeSync(full);
});

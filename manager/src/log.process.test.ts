import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('a log that cannot be written stops nothing', () => {
  const program = `
    import { createLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)};
    createLog('test', 'info').info('a line');
    process.stderr.write('went on');`;
  const ended = spawnSync(
    'sh',
    ['-c', `exec "$0" --input-type=module -e "$1" > /dev/full`, process.execPath, program],
    {
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  expect(ended.stderr).toContain('went on');
  expect(ended.status).toBe(0);
});

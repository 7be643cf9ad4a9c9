import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

test('without options the data lies in the place for this user and the display comes from the environment', () => {
  expect(readOptions([], { DISPLAY: ':7' }, true)).toMatchObject({
    dataDir: '/var/lib/process-meter',
    display: ':7',
    demo: 'auto',
    agent: true,
    reset: false,
    ports: {},
  });
  expect(readOptions([], {}, false).dataDir).toMatch(/\.local\/share\/process-meter$/);
});

test('ports, folder and display of the command line win', () => {
  const options = readOptions(
    ['--data', '/tmp/x', '--portal-port=9000', '--nats-port', '4333', '--display', ':1'],
    { DISPLAY: ':7' },
    false,
  );
  expect(options).toMatchObject({ dataDir: '/tmp/x', ports: { portal: 9000, nats: 4333 }, display: ':1' });
});

test.each([
  [['--portal-port', '70000'], /70000|65535|<=/],
  [['--portal-port', 'x'], /number/],
  [['--demo', '--no-demo'], /exclude each other/],
  [['--unknown'], /unknown/i],
])('%j is refused with a reason', (args, reason) => {
  expect(() => readOptions(args, {}, false)).toThrow(reason);
});

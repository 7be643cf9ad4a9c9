import { execFileSync } from 'node:child_process';
import { startXServer } from '@process-meter/local';
import { expect, test } from 'vitest';
import { connectX } from './x11-connection.ts';

test('each X server has its own numbers for the same names, also when one process saw another before', async () => {
  for (const extra of [0, 3]) {
    const server = await startXServer();
    for (let n = 0; n < extra; n += 1)
      execFileSync('xprop', [
        '-display',
        server.display,
        '-root',
        '-f',
        `PM_${n}`,
        '8s',
        '-set',
        `PM_${n}`,
        'x',
      ]);
    const connection = await connectX(server.display, () => undefined);
    const number = await connection.atom('PM_OF_THIS_TEST');
    const said = execFileSync('xlsatoms', ['-display', server.display, '-name', 'PM_OF_THIS_TEST'], {
      encoding: 'utf8',
    });
    expect(said.split(/\s+/)[0]).toBe(String(number));
    connection.close();
    await server.stop();
  }
}, 60_000);

import { createTrust, natsTrustConf } from '@process-meter/contract';
import { execFileSync } from 'node:child_process';
import { expect, inject, test } from 'vitest';
import { freePort, startNats, startPostgres, startXServer } from './index.ts';

test('the database of the run answers on the address that is provided', () => {
  expect(inject('postgresUrl')).toMatch(/^postgres:\/\/processmeter:.+@127\.0\.0\.1:\d+\/postgres$/);
});

test('PostgreSQL starts again on the data of a server that was killed', async () => {
  const first = await startPostgres();
  await first.kill('kill');
  const second = await startPostgres({ dataDir: first.dataDir, port: await freePort(first.port) });
  expect(second.url).toBe(first.url.replace(String(first.port), String(second.port)));
  await second.stop();
});

test('NATS comes up with JetStream and the trust of the appliance', async () => {
  const trust = createTrust(Date.now());
  const nats = await startNats({ trust: (dir) => natsTrustConf(trust, dir) });
  expect(nats.url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
  await nats.stop();
});

test('an X server comes up with a window manager in charge', async () => {
  const x = await startXServer();
  const answer = execFileSync('xprop', ['-display', x.display, '-root', '_NET_SUPPORTING_WM_CHECK'], {
    encoding: 'utf8',
  });
  expect(answer).toContain('window id');
  await x.stop();
});

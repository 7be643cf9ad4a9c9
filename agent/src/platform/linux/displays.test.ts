import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startXServer, supervise } from '@process-meter/local';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findDisplays, plainDisplay, type DisplayPlaces } from './displays.ts';
import { linuxPlatform } from './linux.ts';

const me = process.getuid?.() ?? 0;
const eventually = { timeout: 15_000, interval: 100 };
let folder: string;
let places: DisplayPlaces;
let authority: string | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pm-displays-'));
  places = {
    proc: join(folder, 'proc'),
    sockets: join(folder, 'sockets'),
    loginctl: 'no-such-command',
    uid: me,
  };
  mkdirSync(places.proc);
  mkdirSync(places.sockets);
  authority = process.env['XAUTHORITY'];
});
afterEach(() => {
  if (authority === undefined) delete process.env['XAUTHORITY'];
  else process.env['XAUTHORITY'] = authority;
  rmSync(folder, { recursive: true });
});

function addProcess(pid: number, environment: Record<string, string>): void {
  mkdirSync(join(places.proc, String(pid)));
  const words = Object.entries(environment).map(([name, value]) => `${name}=${value}\0`);
  writeFileSync(join(places.proc, String(pid), 'environ'), words.join(''));
}
const addSocket = (number: number): void =>
  symlinkSync(`/tmp/.X11-unix/X${number}`, join(places.sockets, `X${number}`));
function logindSays(display: string): void {
  places.loginctl = join(folder, 'loginctl');
  writeFileSync(
    places.loginctl,
    `#!/bin/sh
[ "$1 $2" = "show-user ${me}" ] && echo c7
[ "$1 $2" = "show-session c7" ] && echo '${display}'
exit 0
`,
  );
  chmodSync(places.loginctl, 0o755);
}
const nobody = { changed: () => undefined, lost: () => undefined };

test('displays are found by logind, by the programs of the user and by sockets, in this order, each once', async () => {
  addProcess(10, { DISPLAY: ':4.0', XAUTHORITY: '/run/user/7/key' });
  addProcess(11, { DISPLAY: ':3' });
  addProcess(12, { DISPLAY: 'localhost:10.0' });
  addProcess(13, { HOME: '/' });
  writeFileSync(join(places.sockets, 'X2'), '');
  writeFileSync(join(places.sockets, 'X4'), '');
  writeFileSync(join(places.sockets, 'other'), '');
  logindSays(':4');
  expect(await findDisplays(places)).toEqual([
    { name: ':4', authority: '/run/user/7/key' },
    { name: ':3', authority: null },
    { name: ':2', authority: null },
  ]);
});

test('displays of other users are not looked at', async () => {
  addProcess(10, { DISPLAY: ':4' });
  writeFileSync(join(places.sockets, 'X2'), '');
  expect(await findDisplays({ ...places, uid: me + 1 })).toEqual([]);
});

test('the same display has one name', () => {
  expect([':0', ':0.0', 'unix:0', ':12.1'].map(plainDisplay)).toEqual([':0', ':0', ':0', ':12']);
});

test('an X server that comes after the agent is found, and so is the next one under another number', async () => {
  const platform = await linuxPlatform({}, places);
  await expect(platform.openWindows(nobody, Date.now)).rejects.toThrow('DISPLAY is not set');
  expect(platform.desktop).toBe('');
  expect(await platform.desktopKind()).toBe('headless');
  await expect(platform.hookPreflight()).rejects.toThrow('no display');
  const first = await startXServer();
  addSocket(Number(first.display.slice(1)));
  let lost = 0;
  const windows = await platform.openWindows({ ...nobody, lost: () => (lost += 1) }, Date.now);
  expect(await windows.idle()).not.toBeNull();
  expect(platform.desktop).toBe(first.display);
  expect(await platform.desktopKind()).toBe('x11');
  expect(platform.hookEnvironment()['DISPLAY']).toBe(first.display);
  await platform.hookPreflight();
  await first.kill();
  await expect.poll(() => lost, eventually).toBe(1);
  const second = await startXServer();
  expect(second.display).not.toBe(first.display);
  addSocket(Number(second.display.slice(1)));
  const again = await platform.openWindows(nobody, Date.now);
  expect(platform.desktop).toBe(second.display);
  again.close();
  await second.stop();
}, 60_000);

test('DISPLAY wins over all that could be found, and an empty one says that there is none', async () => {
  const [configured, other] = [await startXServer(), await startXServer()];
  addSocket(Number(other.display.slice(1)));
  const platform = await linuxPlatform({ DISPLAY: configured.display }, places);
  const windows = await platform.openWindows(nobody, Date.now);
  expect(platform.desktop).toBe(configured.display);
  windows.close();
  await configured.stop();
  await expect(platform.openWindows(nobody, Date.now)).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  const none = await linuxPlatform({ DISPLAY: '' }, places);
  await expect(none.openWindows(nobody, Date.now)).rejects.toThrow('DISPLAY is empty');
  await other.stop();
}, 60_000);

test('a display that asks for a key is opened with the key file of a program that runs on it', async () => {
  const number = 1200 + Math.floor(Math.random() * 500);
  const key = join(folder, 'key');
  writeFileSync(key, authorityFile(String(number), randomBytes(16)));
  const server = await supervise('Xvfb', [`:${number}`, '-auth', key, '-nolisten', 'tcp', '-noreset']);
  process.env['XAUTHORITY'] = join(folder, 'none');
  addProcess(10, { DISPLAY: `:${number}` });
  const platform = await linuxPlatform({}, places);
  const open = (): Promise<string> =>
    platform.openWindows(nobody, Date.now).then(
      (windows) => (windows.close(), 'open'),
      (error: unknown) => String(error),
    );
  // Before it listens the file of its socket is missing; afterwards it turns the stranger away.
  await expect.poll(open, eventually).not.toMatch(/ENOENT|ECONNREFUSED/);
  expect(await open()).not.toBe('open');
  addProcess(9, { DISPLAY: `:${number}.0`, XAUTHORITY: key });
  await expect.poll(open, eventually).toBe('open');
  await server.stop();
}, 60_000);

/** An Xauthority file with one key for any host: family, address, display number, kind, key, each with its length. */
function authorityFile(display: string, key: Buffer): Buffer {
  const part = (content: Buffer): Buffer => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(content.length);
    return Buffer.concat([length, content]);
  };
  const family = Buffer.from([0xff, 0xff]);
  const words = ['', display, 'MIT-MAGIC-COOKIE-1'].map((word) => part(Buffer.from(word)));
  return Buffer.concat([family, ...words, part(key)]);
}

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nothingComesIn, smallDisk, type SmallDisk } from '../stack/small-disk.ts';
import { startDiskLoad, type DiskLoad } from './disk-load.ts';

const DISK_MB = 96;
/** Ten minutes in an installation. */
const NATS_PATIENCE = { periodMs: 500, failureThreshold: 6 };

let disk: SmallDisk;
let at: DiskLoad;

beforeAll(async () => {
  disk = smallDisk(DISK_MB);
  at = await startDiskLoad({ streams: join(disk.dir, 'nats'), natsPatience: NATS_PATIENCE });
}, 90_000);
afterAll(async () => {
  await at?.end();
  disk?.remove();
});

test('a full disk under the streams loses nothing: agents keep what is refused, and send it when there is room', async () => {
  const server = at.servers.pid('nats');
  await expect.poll(() => at.stored(), { timeout: 30_000 }).toBeGreaterThan(500);
  await expect
    .poll(() => nothingComesIn(disk, () => at.stored()), { timeout: 60_000, interval: 200 })
    .toBe(true);
  const before = await at.stored();
  // Work goes on against the full disk.
  await pause(5000);
  disk.free();
  const { found, records } = await at.nothingIsLost();
  process.stdout.write(`streams on a full disk: ${records} records, ${JSON.stringify(found)}\n`);
  // A stream that could not write takes nothing until its server starts again.
  expect(at.servers.pid('nats')).not.toBe(server);
  expect(found.segments).toBeGreaterThan(before);
  expect(records).toBeGreaterThan(1000);
}, 150_000);

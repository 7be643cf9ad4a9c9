import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { smallDisk, type SmallDisk } from '../stack/small-disk.ts';
import { startDiskLoad, type DiskLoad } from './disk-load.ts';

const DISK_MB = 220;
/** What is left of the disk: less than the database writes in a few seconds. */
const LEFT_BYTES = 300_000;

let disk: SmallDisk;
let at: DiskLoad;

beforeAll(async () => {
  disk = smallDisk(DISK_MB);
  at = await startDiskLoad({ database: join(disk.dir, 'postgres') });
}, 90_000);
afterAll(async () => {
  await at?.end();
  disk?.remove();
});

/** Whether the database can no longer keep what it is given: it refuses, or has ended itself. */
async function isFull(): Promise<boolean> {
  disk.fill(LEFT_BYTES);
  return at.pool
    .query(
      'create table if not exists probe as select repeat(md5(n::text), 100) t from generate_series(1, 500) n',
    )
    .then(
      () =>
        at.pool.query('drop table probe').then(
          () => false,
          () => true,
        ),
      () => true,
    );
}

test('a full disk under the database loses nothing: what cannot be committed waits and comes when there is room', async () => {
  await expect.poll(() => at.stored(), { timeout: 30_000 }).toBeGreaterThan(500);
  await expect.poll(isFull, { timeout: 40_000, interval: 200 }).toBe(true);
  const before = await at.stored().catch(() => 0);
  // Work goes on against the full disk.
  await pause(6000);
  disk.free();
  // A database that ended itself is started again, as its supervisor does.
  await at.servers.crash('postgres');
  await pause(1000);
  const { found, records } = await at.nothingIsLost();
  expect(found.segments).toBeGreaterThan(Math.max(500, before));
  expect(records).toBeGreaterThan(1000);
}, 150_000);

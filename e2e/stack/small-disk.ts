import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A disk of its own, so small that it can be filled. */
export interface SmallDisk {
  dir: string;
  /** Fills it but for a rest, and what was freed since. */
  fill(leftBytes: number): void;
  /** Removes what filled it. */
  free(): void;
  remove(): void;
}

/** Needs the rights of root. */
export function smallDisk(megabytes: number): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), 'pm-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]);
  chmodSync(dir, 0o755);
  let fillers = 0;
  return {
    dir,
    fill(leftBytes) {
      const { bavail, bsize } = statfsSync(dir);
      const bytes = bavail * bsize - leftBytes;
      if (bytes > 0) writeFileSync(join(dir, `filler-${(fillers += 1)}`), Buffer.alloc(bytes, 1));
    },
    free() {
      for (; fillers > 0; fillers -= 1) rmSync(join(dir, `filler-${fillers}`));
    },
    remove() {
      execFileSync('umount', ['-l', dir]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Fills a disk. @returns whether nothing new comes in although somebody works */
export async function nothingComesIn(disk: SmallDisk, stored: () => Promise<number>): Promise<boolean> {
  disk.fill(0);
  const before = await stored();
  await pause(1500);
  return (await stored()) === before;
}

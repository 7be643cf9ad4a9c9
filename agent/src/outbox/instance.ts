import { statSync } from 'node:fs';

/** Which run of which computer uses an outbox, and in which folder it lies. */
export interface Instance {
  /** Changes when the computer starts. */
  boot: string;
  /** Changes when the folder is copied. */
  place: string;
}

/**
 * A copied folder is another one with another number and birth time. A cloned computer has the same folder, but starts
 * by itself.
 */
export function instanceOf(folder: string, boot: string): Instance {
  const { ino, birthtimeMs } = statSync(folder);
  return { boot, place: `${ino}:${Math.round(birthtimeMs)}` };
}

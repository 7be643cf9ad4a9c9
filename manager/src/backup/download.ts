import { setTimeout as sleep } from 'node:timers/promises';
import type { Bucket, ObjectRead } from './bucket.ts';

/** Without a byte between them. */
const TRIES = 6;
const FIRST_PAUSE_MS = 200;

/** Reads an object from its first byte to its last. A line that is cut is taken up where it was. */
export async function* downloadObject(bucket: Bucket, key: string): AsyncGenerator<Uint8Array> {
  let at = 0;
  let tries = 0;
  let open = await bucket.read(key, at);
  while (at < open.size) {
    let cut: Error | undefined;
    for await (const chunk of untilCut(open)) {
      if (chunk instanceof Error) {
        cut = chunk;
      } else {
        at += chunk.length;
        tries = 0;
        yield chunk;
      }
    }
    if (at === open.size) return;
    tries += 1;
    if (tries === TRIES) throw bucket.brokenOff(key, cut ?? new Error('the answer ended early'));
    await sleep(FIRST_PAUSE_MS * 2 ** tries);
    open = await bucket.read(key, at, open);
  }
}

/** Its bytes; an error is the last that comes. */
async function* untilCut({ bytes }: ObjectRead): AsyncGenerator<Uint8Array | Error> {
  try {
    yield* bytes;
  } catch (error) {
    yield error instanceof Error ? error : new Error(String(error));
  }
}

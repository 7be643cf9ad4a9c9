import type { Bucket, Upload } from './bucket.ts';
import { BackupError } from './manifest.ts';
import { S3Error } from './s3-errors.ts';

/** Of every S3 server. */
const MOST_PARTS = 10_000;

/**
 * Sends bytes to a bucket in parts: one is on its way while the next is filled, and no more is held in memory. The object
 * is there once all of it is; of an upload that broke off no part stays.
 */
export async function uploadObject(
  bucket: Bucket,
  object: { key: string; partBytes: number },
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const upload = await bucket.begin(object.key);
  try {
    const { tags, bytes } = await sendParts(bucket, upload, inParts(content, object.partBytes));
    await complete(bucket, upload, { tags, bytes });
  } catch (error) {
    await abort(bucket, upload, error);
    throw error;
  }
}

interface Sent {
  tags: string[];
  bytes: number;
}

async function sendParts(bucket: Bucket, upload: Upload, parts: AsyncIterable<Uint8Array>): Promise<Sent> {
  const sent: Sent = { tags: [], bytes: 0 };
  const stop = new AbortController();
  let sending = Promise.resolve();
  try {
    let number = 0;
    for await (const part of parts) {
      await sending;
      number += 1;
      if (number > MOST_PARTS)
        throw new BackupError(`the backup is larger than ${MOST_PARTS} parts: raise PM_S3_PART_MIB`);
      sending = send(number, part);
      // Told when it is waited for.
      sending.catch(() => undefined);
    }
    await sending;
    return sent;
  } finally {
    stop.abort();
    await sending.catch(() => undefined);
  }

  async function send(number: number, part: Uint8Array): Promise<void> {
    sent.tags.push(await bucket.part(upload, number, part, stop.signal));
    sent.bytes += part.length;
  }
}

/** Parts of one size but for the last. Two buffers take turns: who takes a part is done with the one before. */
async function* inParts(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let [filling, other] = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)];
  let filled = 0;
  for await (const chunk of content) {
    for (let taken = 0; taken < chunk.length;) {
      const piece = chunk.subarray(taken, taken + size - filled);
      filling.set(piece, filled);
      taken += piece.length;
      filled += piece.length;
      if (filled < size) continue;
      yield filling;
      [filling, other] = [other, filling];
      filled = 0;
    }
  }
  if (filled > 0) yield filling.subarray(0, filled);
}

/** A server that had done it when the line was cut does not know the upload any more. */
async function complete(bucket: Bucket, upload: Upload, { tags, bytes }: Sent): Promise<void> {
  try {
    await bucket.complete(upload, tags);
  } catch (error) {
    const isGone = error instanceof S3Error && error.code === 'NoSuchUpload';
    if (!isGone || (await bucket.size(upload.key)) !== bytes) throw error;
  }
}

async function abort(bucket: Bucket, upload: Upload, reason: unknown): Promise<void> {
  try {
    await bucket.abort(upload);
  } catch (error) {
    const words = [reason, error].map((one) => (one instanceof Error ? one.message : String(one)));
    throw new BackupError(`${words[0]}; parts of it may be left in the bucket (${words[1]})`, {
      cause: reason,
    });
  }
}

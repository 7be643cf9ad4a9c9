import { createReadStream, createWriteStream } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { Decrypter, Encrypter } from 'age-encryption';
import { createTarDecoder, createTarPacker } from 'modern-tar';
import { BackupError } from './manifest.ts';

const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } };
const AGE_MAGIC = 'age-encryption.org/';
const NOT_WHOLE = 'the backup is damaged or not whole';

export interface ArchiveWriter {
  entry(name: string, bytes: Uint8Array): Promise<void>;
}

/**
 * Writes an archive: tar, compressed by zstd, encrypted by age for all recipients (none: not encrypted), so that the
 * usual tools read it too: `age -d -i KEY FILE | zstd -d | tar -x`.
 * @returns bytes written, and what `fill` returned
 */
export async function writeArchive<T>(
  file: string,
  recipients: readonly string[],
  fill: (archive: ArchiveWriter) => Promise<T>,
): Promise<{ bytes: number; filled: T }> {
  const packer = createTarPacker();
  const target = createWriteStream(file, { mode: 0o600, flags: 'wx', flush: true });
  const written = store(packer.readable, recipients, target);
  const filling = fill({
    entry: async (name, bytes) => {
      const writer = packer.controller.add({ name, size: bytes.length, mode: 0o600 }).getWriter();
      await writer.write(bytes);
      await writer.close();
    },
  });
  // What goes wrong while it is filled ends the file as well, which is waited for.
  void filling.then(
    () => packer.controller.finalize(),
    (error: unknown) => packer.controller.error(error),
  );
  const [filled] = await Promise.all([filling, written]);
  return { bytes: target.bytesWritten, filled };
}

async function store(
  tar: ReadableStream<Uint8Array>,
  recipients: readonly string[],
  target: Writable,
): Promise<void> {
  const packed = createZstdCompress(ZSTD);
  const packing = pipeline(Readable.fromWeb(tar), packed);
  if (recipients.length === 0) {
    await Promise.all([packing, pipeline(packed, target)]);
    return;
  }
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const sealed = await encrypter.encrypt(Readable.toWeb(packed));
  await Promise.all([packing, pipeline(Readable.fromWeb(sealed), target)]);
}

export interface ArchiveEntry {
  name: string;
  bytes: Uint8Array;
}

/** Entries of an archive in their order. @throws BackupError when it is damaged, cut off, or the key is another one */
export async function* readArchive(file: string, identity: string | undefined): AsyncGenerator<ArchiveEntry> {
  const plain = await opened(file, identity);
  const unpacked = createZstdDecompress();
  const failure = pipeline(plain, unpacked).then(
    () => undefined,
    (error: unknown) => {
      unpacked.destroy(asError(error));
      return asError(error);
    },
  );
  const decoder = createTarDecoder({ strict: true });
  const entries = Readable.toWeb(unpacked).pipeThrough(decoder);
  try {
    for await (const { header, body } of entries) {
      const bytes = await new Response(body).bytes();
      yield { name: header.name, bytes };
    }
    // The end of the tar may be reached before the end of the file, whose checksum comes last.
    const failed = await failure;
    if (failed !== undefined) throw failed;
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${file}: ${NOT_WHOLE} (${asError(error).message})`, { cause: error });
  }
}

async function opened(file: string, identity: string | undefined): Promise<Readable> {
  const isSealed = (await firstBytes(file, AGE_MAGIC.length)) === AGE_MAGIC;
  if (!isSealed) return createReadStream(file);
  if (identity === undefined) throw new BackupError(`${file} is encrypted: its key is needed`);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return Readable.fromWeb(await decrypter.decrypt(Readable.toWeb(createReadStream(file))));
  } catch (error) {
    throw new BackupError(`${file} cannot be decrypted with this key`, { cause: error });
  }
}

async function firstBytes(file: string, count: number): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file, { end: count - 1 })) chunks.push(chunk);
  } catch (error) {
    throw new BackupError(`${file} cannot be read: ${asError(error).message}`);
  }
  return Buffer.concat(chunks).toString('latin1');
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

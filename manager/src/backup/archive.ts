import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { Decrypter, Encrypter } from 'age-encryption';
import { createTarDecoder, createTarPacker } from 'modern-tar';
import { BackupError } from './manifest.ts';
import { Measure, type Measured } from './measure.ts';
import type { StoredBackup } from './place.ts';

const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } };
const AGE_MAGIC = 'age-encryption.org/';
const NOT_WHOLE = 'the backup is damaged or not whole';

export interface ArchiveWriter {
  entry(name: string, bytes: Uint8Array): Promise<void>;
}

/** What becomes of the bytes of an archive. @returns where they are */
export type Take = (content: AsyncIterable<Uint8Array>) => Promise<string>;

export interface Written<T> extends Measured {
  location: string;
  /** What filled it. */
  filled: T;
}

/**
 * Writes an archive: tar, compressed by zstd, encrypted by age for all recipients (none: not encrypted), so that the
 * usual tools read it too: `age -d -i KEY FILE | zstd -d | tar -x`. What breaks off has ended everywhere when it is told.
 */
export async function writeArchive<T>(
  recipients: readonly string[],
  fill: (archive: ArchiveWriter) => Promise<T>,
  take: Take,
  stop?: AbortSignal,
): Promise<Written<T>> {
  const seal = sealFor(recipients);
  const packer = createTarPacker();
  const measure = new Measure();
  const failures: unknown[] = [];
  const note = (error: unknown): undefined => void failures.push(error);
  const taken: Take = (content) => take(measure.of(content));
  const stored = store(packer.readable, { seal, take: taken, stop }).catch(note);
  const entry: ArchiveWriter['entry'] = async (name, bytes) => {
    const writer = packer.controller.add({ name, size: bytes.length, mode: 0o600 }).getWriter();
    await writer.write(bytes);
    await writer.close();
  };
  const filling = (async () => {
    try {
      const filled = await fill({ entry });
      packer.controller.finalize();
      return { filled };
    } catch (error) {
      packer.controller.error(error);
      return note(error);
    }
  })();
  const [location, all] = await Promise.all([stored, filling]);
  // The first is the reason of the other.
  if (location === undefined || all === undefined) throw stop?.aborted === true ? stop.reason : failures[0];
  return { ...measure.measured(), location, filled: all.filled };
}

interface Way {
  seal: Seal;
  take: Take;
  stop: AbortSignal | undefined;
}

async function store(tar: ReadableStream<Uint8Array>, { seal, take, stop }: Way): Promise<string> {
  const packed = createZstdCompress(ZSTD);
  const packing = pipeline(Readable.fromWeb(tar), packed);
  // Fails with what takes its bytes, and that tells why.
  packing.catch(() => undefined);
  const location = await pipeline(await seal(packed), take, stop === undefined ? {} : { signal: stop });
  await packing;
  return location;
}

type Seal = (packed: Duplex) => Readable | Promise<Readable>;

function sealFor(recipients: readonly string[]): Seal {
  if (recipients.length === 0) return (packed) => packed;
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return async (packed) => Readable.fromWeb(await encrypter.encrypt(Readable.toWeb(packed)));
}

export interface ArchiveEntry {
  name: string;
  bytes: Uint8Array;
}

/**
 * Entries of an archive in their order. At their end `measure` has seen the whole file.
 * @throws BackupError when it is damaged, cut off, or the key is another one
 */
export async function* readArchive(
  stored: StoredBackup,
  identity: string | undefined,
  measure = new Measure(),
): AsyncGenerator<ArchiveEntry> {
  const plain = await opened(stored, identity, measure);
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
    throw new BackupError(`${stored.location}: ${NOT_WHOLE} (${asError(error).message})`, { cause: error });
  }
}

async function opened(
  { location, content }: StoredBackup,
  identity: string | undefined,
  measure: Measure,
): Promise<Readable> {
  const { head, whole } = await peek(measure.of(content()), AGE_MAGIC.length);
  const bytes = Readable.from(whole, { objectMode: false });
  if (head.toString('latin1') !== AGE_MAGIC) return bytes;
  if (identity === undefined) throw new BackupError(`${location} is encrypted: its key is needed`);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return Readable.fromWeb(await decrypter.decrypt(Readable.toWeb(bytes)));
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${location} cannot be decrypted with this key`, { cause: error });
  }
}

/** The first bytes, and all bytes with them. */
async function peek(
  chunks: AsyncGenerator<Uint8Array>,
  count: number,
): Promise<{ head: Buffer; whole: AsyncGenerator<Uint8Array> }> {
  const held: Uint8Array[] = [];
  for (let size = 0; size < count;) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    held.push(value);
    size += value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* held.splice(0);
    yield* chunks;
  }
  return { head: Buffer.concat(held).subarray(0, count), whole: whole() };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

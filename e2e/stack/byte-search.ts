import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const UNPACKED_MAX = 16 * 1024 * 1024;

export interface Found {
  where: string;
  token: string;
  /** How it was written: as text, in another encoding, inside of compressed bytes. */
  as: string;
}

/** The ways a text may be written down. Tokens are lower case and long enough to be nobody else's bytes. */
function writings(token: string): [as: string, bytes: Buffer][] {
  const plain = Buffer.from(token);
  const base64 = [0, 1, 2].map((shift): [string, Buffer] => {
    const encoded = Buffer.concat([Buffer.alloc(shift), plain]).toString('base64');
    // The characters at both ends also hold bits of the neighbours.
    return [`base64+${String(shift)}`, Buffer.from(encoded.slice(shift === 0 ? 0 : shift + 1, -4))];
  });
  return [
    ['text', plain],
    ['upper case', Buffer.from(token.toUpperCase())],
    ['utf-16', Buffer.from(token, 'utf16le')],
    ['hex', Buffer.from(plain.toString('hex'))],
    ['HEX', Buffer.from(plain.toString('hex').toUpperCase())],
    ['reversed', Buffer.from(plain).toReversed() as Buffer],
    ...base64,
  ];
}

/** Searches bytes as they are, and all zstd frames in them unpacked. */
export function searchBytes(bytes: Buffer, where: string, tokens: readonly string[]): Found[] {
  const whole = searchPlain(bytes, where, tokens);
  const inside = unpackedFrames(bytes).flatMap((frame) => searchPlain(frame, `${where} (unpacked)`, tokens));
  return [...whole, ...inside];
}

function searchPlain(bytes: Buffer, where: string, tokens: readonly string[]): Found[] {
  return tokens.flatMap((token) =>
    writings(token).flatMap(([as, wanted]) => (bytes.includes(wanted) ? [{ where, token, as }] : [])),
  );
}

/** What every zstd frame in the bytes holds, wherever it begins. */
export function unpackedFrames(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = bytes.indexOf(ZSTD_MAGIC); at !== -1; at = bytes.indexOf(ZSTD_MAGIC, at + 1)) {
    try {
      frames.push(zstdDecompressSync(bytes.subarray(at), { maxOutputLength: UNPACKED_MAX }));
    } catch {
      // Four bytes that only look like a frame.
    }
  }
  return frames;
}

/** Every file below a folder. What ends while it is read is no file any more. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Searches every byte of every file below a folder, also the names of the files. */
export function searchFolder(folder: string, tokens: readonly string[]): { found: Found[]; bytes: number } {
  const found: Found[] = [];
  let bytes = 0;
  for (const path of filesBelow(folder)) {
    const name = relative(folder, path);
    found.push(...searchPlain(Buffer.from(name), 'a file name', tokens));
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) continue;
    const content = readFileSync(path);
    bytes += content.byteLength;
    found.push(...searchBytes(content, name, tokens));
  }
  return { found, bytes };
}

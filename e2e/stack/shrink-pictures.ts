import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { crc32, deflateSync, inflateSync } from 'node:zlib';

// Run after accepting new pictures (`node stack/shrink-pictures.ts`): brings each down to 256 colours, which is less
// than half the bytes and far below what the comparison takes for a difference.

const FOLDER = new URL('../pictures/', import.meta.url);
const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const MOST_COLOURS = 256;
/** Colours this near, all three parts together, become one. */
const ALIKE = 20;
const RGB = 2;

interface Picture {
  width: number;
  height: number;
  /** Three bytes a pixel. */
  pixels: Buffer;
}

function partsOf(file: Buffer): Map<string, Buffer> {
  const parts = new Map<string, Buffer>();
  for (let at = SIGNATURE.length; at < file.length;) {
    const length = file.readUInt32BE(at);
    const name = file.toString('latin1', at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + length);
    parts.set(name, Buffer.concat([parts.get(name) ?? Buffer.alloc(0), data]));
    at += 12 + length;
  }
  return parts;
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [left, up, corner].map((each) => Math.abs(left + up - corner - each));
  if (a === undefined || b === undefined || c === undefined) return 0;
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** What the filter of a row expects of a byte, from those to its left, above, and above left. */
function expected(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return paeth(left, up, corner);
    default:
      return 0;
  }
}

/** Reads a picture as the browser makes it; null for one that is small already. */
function read(file: Buffer): Picture | null {
  const parts = partsOf(file);
  const head = parts.get('IHDR') ?? Buffer.alloc(13);
  if (head[9] !== RGB) return null;
  const width = head.readUInt32BE(0);
  const height = head.readUInt32BE(4);
  const raw = inflateSync(parts.get('IDAT') ?? Buffer.alloc(0));
  const row = width * 3;
  const pixels = Buffer.alloc(row * height);
  const byte = (x: number, y: number): number => (x < 0 || y < 0 ? 0 : (pixels[y * row + x] ?? 0));
  for (let y = 0; y < height; y += 1) {
    const start = y * (row + 1);
    for (let x = 0; x < row; x += 1) {
      const guess = expected(raw[start] ?? 0, byte(x - 3, y), byte(x, y - 1), x < 3 ? 0 : byte(x - 3, y - 1));
      pixels[y * row + x] = (raw[start + 1 + x] ?? 0) + guess;
    }
  }
  return { width, height, pixels };
}

const distance = (one: number, other: number): number =>
  Math.abs((one >> 16) - (other >> 16)) +
  Math.abs(((one >> 8) & 255) - ((other >> 8) & 255)) +
  Math.abs((one & 255) - (other & 255));

/** The most frequent colours that are not alike, and for every colour the place of the nearest of them. */
function palette(colours: Iterable<number>): { chosen: number[]; placeOf: Map<number, number> } {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const ranked = [...counts].sort((one, other) => other[1] - one[1]).map(([colour]) => colour);
  const chosen: number[] = [];
  // What is rare but like nothing else is kept: the mark of a state may be a few pixels.
  for (const colour of ranked) {
    if (chosen.length === MOST_COLOURS) break;
    if (chosen.every((each) => distance(each, colour) > ALIKE)) chosen.push(colour);
  }
  const placeOf = new Map<number, number>();
  for (const colour of ranked) {
    let place = 0;
    for (const [each, other] of chosen.entries())
      if (distance(colour, other) < distance(colour, chosen[place] ?? 0)) place = each;
    placeOf.set(colour, place);
  }
  return { chosen, placeOf };
}

function part(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function write({ width, height, pixels }: Picture): Buffer {
  const colours = Array.from({ length: width * height }, (_, at) => pixels.readUIntBE(at * 3, 3));
  const { chosen, placeOf } = palette(colours);
  const raw = Buffer.alloc((width + 1) * height);
  for (const [at, colour] of colours.entries())
    raw[at + Math.floor(at / width) + 1] = placeOf.get(colour) ?? 0;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.alloc(chosen.length * 3);
  for (const [at, colour] of chosen.entries()) table.writeUIntBE(colour, at * 3, 3);
  const data = deflateSync(raw, { level: 9, memLevel: 9 });
  return Buffer.concat([
    SIGNATURE,
    part('IHDR', head),
    part('PLTE', table),
    part('IDAT', data),
    part('IEND', Buffer.alloc(0)),
  ]);
}

for (const name of readdirSync(FOLDER).filter((each) => each.endsWith('.png'))) {
  const picture = read(readFileSync(new URL(name, FOLDER)));
  if (picture !== null) writeFileSync(new URL(name, FOLDER), write(picture));
}

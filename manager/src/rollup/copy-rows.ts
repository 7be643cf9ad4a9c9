import type { Readable } from 'node:stream';

/** PostgreSQL counts microseconds from 2000-01-01. */
const PG_EPOCH_MS = 946_684_800_000;
/** Signature (11), flags (4) and the length of the header extension (4). */
const HEADER_BYTES = 19;

/** One row of COPY BINARY with columns that are all present (not null). */
export class CopyRow {
  readonly #bytes: Buffer;
  readonly #offsets: number[];

  constructor(bytes: Buffer, offsets: number[]) {
    this.#bytes = bytes;
    this.#offsets = offsets;
  }

  int2(column: number): number {
    return this.#bytes.readInt16BE(this.#at(column));
  }

  int4(column: number): number {
    return this.#bytes.readInt32BE(this.#at(column));
  }

  int8(column: number): bigint {
    return this.#bytes.readBigInt64BE(this.#at(column));
  }

  /** timestamptz as ms UTC. */
  instant(column: number): number {
    return Number(this.int8(column) / 1000n) + PG_EPOCH_MS;
  }

  #at(column: number): number {
    const offset = this.#offsets[column];
    if (offset === undefined) throw new Error(`the copied row has no column ${column}`);
    return offset;
  }
}

/** Reads the rows of a `COPY … TO STDOUT (FORMAT BINARY)` stream as they come; rows may be split over chunks. */
export async function* readCopyRows(stream: Readable): AsyncGenerator<CopyRow> {
  let rest: Buffer = Buffer.alloc(0);
  let header = true;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) throw new Error('a copy stream gives buffers');
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    if (header) {
      if (rest.length < HEADER_BYTES) continue;
      at = HEADER_BYTES + rest.readInt32BE(HEADER_BYTES - 4);
      header = false;
    }
    for (let row = parseRow(rest, at); row !== undefined; row = parseRow(rest, at)) {
      yield row.row;
      at = row.end;
    }
    rest = rest.subarray(at);
  }
}

/** The row at an offset; undefined when it is not whole yet, or at the trailer (field count −1). */
function parseRow(bytes: Buffer, start: number): { row: CopyRow; end: number } | undefined {
  if (bytes.length < start + 2) return undefined;
  const fields = bytes.readInt16BE(start);
  if (fields < 0) return undefined;
  const offsets: number[] = [];
  let at = start + 2;
  for (let i = 0; i < fields; i += 1) {
    if (bytes.length < at + 4) return undefined;
    const length = bytes.readInt32BE(at);
    if (length < 0) throw new Error('a copied column is null');
    offsets.push(at + 4);
    at += 4 + length;
  }
  return bytes.length < at ? undefined : { row: new CopyRow(bytes, offsets), end: at };
}

import type { Readable } from 'node:stream';

/** PostgreSQL counts microseconds from 2000-01-01. */
const PG_EPOCH_MS = 946_684_800_000;
/** Signature (11), flags (4) and the length of the header extension (4). */
const HEADER_BYTES = 19;

const POSITION_OF_LOW = 4;
const HIGH = 2 ** 32;

/** A row of COPY BINARY with columns that are all present (not null). */
export class CopyRow {
  #bytes: Buffer = Buffer.alloc(0);
  readonly #offsets: number[] = [];

  int2(column: number): number {
    return this.#bytes.readInt16BE(this.#at(column));
  }

  int4(column: number): number {
    return this.#bytes.readInt32BE(this.#at(column));
  }

  int8(column: number): bigint {
    return this.#bytes.readBigInt64BE(this.#at(column));
  }

  /** timestamptz as ms UTC. Its microseconds are exact as a number for 285 years around 2000. */
  instant(column: number): number {
    const at = this.#at(column);
    const microseconds = this.#bytes.readInt32BE(at) * HIGH + this.#bytes.readUInt32BE(at + POSITION_OF_LOW);
    return Math.trunc(microseconds / 1000) + PG_EPOCH_MS;
  }

  /**
   * Goes to the row at an offset.
   * @returns where the next one begins; undefined when it is not whole yet, or at the trailer (field count −1)
   */
  seek(bytes: Buffer, start: number): number | undefined {
    if (bytes.length < start + 2) return undefined;
    const fields = bytes.readInt16BE(start);
    if (fields < 0) return undefined;
    let at = start + 2;
    for (let i = 0; i < fields; i += 1) {
      if (bytes.length < at + 4) return undefined;
      const length = bytes.readInt32BE(at);
      if (length < 0) throw new Error('a copied column is null');
      this.#offsets[i] = at + 4;
      at += 4 + length;
    }
    this.#bytes = bytes;
    return bytes.length < at ? undefined : at;
  }

  #at(column: number): number {
    const offset = this.#offsets[column];
    if (offset === undefined) throw new Error(`the copied row has no column ${column}`);
    return offset;
  }
}

/**
 * Reads the rows of a `COPY … TO STDOUT (FORMAT BINARY)` stream as they come; rows may be split over chunks.
 * @param take is called for each row, which is valid until it returns
 */
export async function readCopyRows(stream: Readable, take: (row: CopyRow) => void): Promise<void> {
  const row = new CopyRow();
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
    for (let next = row.seek(rest, at); next !== undefined; next = row.seek(rest, at)) {
      take(row);
      at = next;
    }
    rest = rest.subarray(at);
  }
}

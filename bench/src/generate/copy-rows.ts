const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const TRAILER = Buffer.from('ffff', 'hex');
/** PostgreSQL counts microseconds from 2000-01-01. */
const PG_EPOCH_MS = 946_684_800_000;
const TWO_32 = 2 ** 32;
const ROOM = 4096;

/** A 63-bit id in two halves: a double cannot hold it. */
export interface Id {
  high: number;
  low: number;
}

/** Rows of `COPY … FROM STDIN (FORMAT BINARY)`, written one after the other. */
export class CopyRows {
  #bytes = Buffer.allocUnsafe(1 << 16);
  #end = 0;
  rows = 0;

  begin(fields: number): this {
    if (this.#end + ROOM > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(this.#bytes.length)]);
    this.#end = this.#bytes.writeInt16BE(fields, this.#end);
    this.rows += 1;
    return this;
  }

  int2(value: number): this {
    this.#end = this.#bytes.writeInt16BE(value, this.#bytes.writeInt32BE(2, this.#end));
    return this;
  }

  int4(value: number): this {
    this.#end = this.#bytes.writeInt32BE(value, this.#bytes.writeInt32BE(4, this.#end));
    return this;
  }

  int8(value: number): this {
    const high = Math.floor(value / TWO_32);
    return this.id({ high, low: value - high * TWO_32 });
  }

  id({ high, low }: Id): this {
    const at = this.#bytes.writeInt32BE(high, this.#bytes.writeInt32BE(8, this.#end));
    this.#end = this.#bytes.writeUInt32BE(low, at);
    return this;
  }

  /** timestamptz, ms UTC. */
  instant(ms: number): this {
    return this.int8((ms - PG_EPOCH_MS) * 1000);
  }

  /** At most 1000 characters. */
  text(value: string): this {
    const length = this.#bytes.write(value, this.#end + 4);
    this.#end = this.#bytes.writeInt32BE(length, this.#end) + length;
    return this;
  }

  empty(): this {
    this.#end = this.#bytes.writeInt32BE(-1, this.#end);
    return this;
  }

  /** The rows so far, without what begins and ends a stream; nothing of them is kept. */
  take(): Buffer {
    const rows = this.#bytes.subarray(0, this.#end);
    this.#bytes = Buffer.allocUnsafe(1 << 16);
    this.#end = 0;
    this.rows = 0;
    return rows;
  }
}

/** A whole stream of rows that were taken. */
export const copyStream = (rows: readonly Buffer[]): Buffer[] => [HEADER, ...rows, TRAILER];

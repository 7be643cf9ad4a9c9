import type { SegmentColumns } from '@process-meter/contract';

/**
 * Rows of `COPY segment FROM STDIN (FORMAT BINARY)`. All columns are of fixed width, so the lengths of the fields are
 * written once and only values are set per row (ingest.md §15: no object per record).
 */
export const SEGMENT_COLUMNS =
  'session_id, document_id, started, ended, epoch, seq, account_id, application_id, agent_id, state, cause, flags';
const WIDTHS = [8, 8, 8, 8, 8, 8, 4, 4, 4, 2, 2, 2] as const;
const ROW_BYTES = 2 + WIDTHS.length * 4 + WIDTHS.reduce((sum, width) => sum + width, 0);
/** Offset of each value in a row. */
const OFFSETS = WIDTHS.map(
  (_, i) => 2 + (i + 1) * 4 + WIDTHS.slice(0, i).reduce((sum, width) => sum + width, 0),
);
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const TRAILER = Buffer.from('ffff', 'hex');
const PG_EPOCH_MS = 946_684_800_000;
const TWO_32 = 2 ** 32;

export interface SegmentOwner {
  account: number;
  agent: number;
  epoch: number;
}

/** An id as it was last written: neighbouring rows mostly have the same one. */
interface LastId {
  hex: string;
  high: number;
  low: number;
}

export class SegmentRows {
  #buffer: Buffer;
  #rows = 0;
  readonly #session: LastId = { hex: '', high: 0, low: 0 };
  readonly #document: LastId = { hex: '', high: 0, low: 0 };

  constructor(capacity = 1024) {
    this.#buffer = template(capacity);
  }

  get count(): number {
    return this.#rows;
  }

  /** Adds row `i` of the columns. */
  add(columns: SegmentColumns, i: number, owner: SegmentOwner): void {
    if ((this.#rows + 1) * ROW_BYTES > this.#buffer.length) this.#grow();
    const row = this.#rows * ROW_BYTES;
    this.#rows += 1;
    this.#id(row + at(0), columns.session[i] ?? '', this.#session);
    this.#id(row + at(1), columns.document[i] ?? '', this.#document);
    this.#instant(row + at(2), number(columns.started, i));
    this.#instant(row + at(3), number(columns.ended, i));
    this.#number(row + at(4), owner.epoch);
    this.#number(row + at(5), number(columns.seq, i));
    this.#buffer.writeInt32BE(owner.account, row + at(6));
    this.#buffer.writeInt32BE(number(columns.application, i), row + at(7));
    this.#buffer.writeInt32BE(owner.agent, row + at(8));
    this.#buffer.writeInt16BE(number(columns.state, i), row + at(9));
    this.#buffer.writeInt16BE(number(columns.cause, i), row + at(10));
    this.#buffer.writeInt16BE(number(columns.flags, i), row + at(11));
  }

  /** The whole stream: header, rows, trailer. */
  bytes(): Buffer[] {
    return [HEADER, this.#buffer.subarray(0, this.#rows * ROW_BYTES), TRAILER];
  }

  #grow(): void {
    const rows = Math.floor(this.#buffer.length / ROW_BYTES);
    this.#buffer = Buffer.concat([this.#buffer.subarray(0, rows * ROW_BYTES), template(rows)]);
  }

  #id(offset: number, hex: string, last: LastId): void {
    if (last.hex !== hex) {
      last.hex = hex;
      last.high = Number.parseInt(hex.slice(0, 8), 16);
      last.low = Number.parseInt(hex.slice(8), 16);
    }
    this.#buffer.writeUInt32BE(last.high, offset);
    this.#buffer.writeUInt32BE(last.low, offset + 4);
  }

  /** A safe integer ≥ 0 or a negative one, as int8. */
  #number(offset: number, value: number): void {
    const high = Math.floor(value / TWO_32);
    this.#buffer.writeInt32BE(high, offset);
    this.#buffer.writeUInt32BE(value - high * TWO_32, offset + 4);
  }

  #instant(offset: number, ms: number): void {
    this.#number(offset, (ms - PG_EPOCH_MS) * 1000);
  }
}

/** Columns are of one length, checked when the batch was decoded. */
function number(column: readonly number[], i: number): number {
  return column[i] ?? 0;
}

function at(column: number): number {
  return OFFSETS[column] ?? 0;
}

function template(rows: number): Buffer {
  const row = Buffer.alloc(ROW_BYTES);
  row.writeInt16BE(WIDTHS.length, 0);
  WIDTHS.forEach((width, i) => row.writeInt32BE(width, at(i) - 4));
  return Buffer.alloc(rows * ROW_BYTES, row);
}

import { isUtf8 } from 'node:buffer';
import { zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib';
import { z } from 'zod';
import { AppError } from './errors.ts';
import {
  accountSlugSchema,
  agentIdSchema,
  EARLIEST_INSTANT_MS,
  hexIdSchema,
  instantSchema,
  LATEST_INSTANT_MS,
} from './ids.ts';
import {
  agentRecordSchema,
  openSnapshotSchema,
  type AgentRecord,
  type OpenSnapshot,
  type SegmentRecord,
} from './record.ts';
import { COVERAGE_CAP_MS, SEGMENT_CAP_MS } from './state.ts';
import { parseUnambiguous } from './unambiguous-json.ts';

/**
 * The batch on the wire: columnar JSON with a dictionary, zstd (ingest.md §2: 23 bytes a record).
 * Segments, the bulk, are columns of small integers; the few other records are rows whose ids are dictionary indexes.
 */
export const WIRE_VERSION = 1;
export const BATCH_MAX_RECORDS = 100;
/** Largest batch as sent, and after decompression (a bomb is refused before it is unpacked further). */
export const BATCH_MAX_BYTES = 256 * 1024;
export const BATCH_MAX_PLAIN_BYTES = 2 * 1024 * 1024;
/** A frame may also ask for a window of any size before the first byte comes out: 2^21 is what the largest batch needs. */
const UNPACK_LIMITS = {
  maxOutputLength: BATCH_MAX_PLAIN_BYTES,
  params: { [constants.ZSTD_d_windowLogMax]: 21 },
};
/** Below this many records zstd costs more than it saves (ingest.md §2). */
const COMPRESS_FROM_RECORDS = 10;

export type BatchEncoding = 'zstd' | 'identity';

/** Segments of a batch as columns of equal length; instants are absolute ms, ids resolved from the dictionary. */
export interface SegmentColumns {
  seq: number[];
  session: string[];
  document: string[];
  application: number[];
  started: number[];
  ended: number[];
  state: number[];
  cause: number[];
  flags: number[];
}

export interface Batch {
  account: string;
  agent: string;
  /** Identity of the agent's outbox: a new outbox begins a new epoch. */
  epoch: number;
  /** Sequence of the first record; 0 when the batch holds an open snapshot only. */
  firstSeq: number;
  /** Number of records: their sequences are firstSeq … firstSeq + count − 1, each exactly once. */
  count: number;
  sentAt: number;
  segments: SegmentColumns;
  /** Records of every other kind. */
  others: Exclude<AgentRecord, SegmentRecord>[];
  open: OpenSnapshot | null;
}

export interface BatchInput {
  account: string;
  agent: string;
  epoch: number;
  sentAt: number;
  /** In order of seq, without holes; at most {@link BATCH_MAX_RECORDS}. */
  records: readonly AgentRecord[];
  open: OpenSnapshot | null;
}

const SEGMENT_FIELDS = ['q', 's', 'd', 'a', 't', 'l', 'st', 'c', 'f'] as const;
type WireColumns = Record<(typeof SEGMENT_FIELDS)[number], number[]>;

const versionSchema = z.object({ v: z.number() });

/** The plain batch: what is inside of the body. */
export const wireSchema = z.object({
  v: z.literal(WIRE_VERSION),
  c: accountSlugSchema,
  a: agentIdSchema,
  e: z.number().int().positive(),
  q: z.number().int().nonnegative(),
  n: z.number().int().nonnegative().max(BATCH_MAX_RECORDS),
  at: instantSchema,
  /** Base instant: segment starts are offsets from it. */
  b: instantSchema,
  /** Dictionary of ids. */
  d: z.array(hexIdSchema),
  /** Every value of a column is looked at when it is resolved: looking twice would double the cost of a batch. */
  g: z.record(
    z.enum(SEGMENT_FIELDS),
    z.custom<number[]>((column) => Array.isArray(column), 'a column is an array'),
  ),
  r: z.array(agentRecordSchema),
  o: openSnapshotSchema.nullable(),
});

/** Encodes a batch. The result is what is published as body; `encoding` goes into the header `Pm-Encoding`. */
export function encodeBatch(input: BatchInput): { body: Buffer; encoding: BatchEncoding } {
  const first = input.records[0]?.seq ?? 0;
  const dictionary = new Map<string, number>();
  const segments = input.records.filter((record) => record.kind === 'segment');
  const base = segments[0]?.started ?? input.sentAt;
  const wire = {
    v: WIRE_VERSION,
    c: input.account,
    a: input.agent,
    e: input.epoch,
    q: first,
    n: input.records.length,
    at: input.sentAt,
    b: base,
    d: [] as string[],
    g: columnsOf(segments, { first, base, dictionary }),
    r: input.records.filter((record) => record.kind !== 'segment'),
    o: input.open,
  };
  wire.d = [...dictionary.keys()];
  const plain = Buffer.from(JSON.stringify(wire));
  if (input.records.length < COMPRESS_FROM_RECORDS) return { body: plain, encoding: 'identity' };
  const body = zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return { body, encoding: 'zstd' };
}

function columnsOf(
  segments: readonly SegmentRecord[],
  { first, base, dictionary }: { first: number; base: number; dictionary: Map<string, number> },
): WireColumns {
  const index = (id: string): number => {
    const known = dictionary.get(id);
    if (known !== undefined) return known;
    dictionary.set(id, dictionary.size);
    return dictionary.size - 1;
  };
  return {
    q: segments.map((segment) => segment.seq - first),
    s: segments.map((segment) => index(segment.session)),
    d: segments.map((segment) => index(segment.document)),
    a: segments.map((segment) => segment.application),
    t: segments.map((segment) => segment.started - base),
    l: segments.map((segment) => segment.ended - segment.started),
    st: segments.map((segment) => segment.state),
    c: segments.map((segment) => segment.cause),
    f: segments.map((segment) => segment.flags),
  };
}

/**
 * Decodes and validates a batch.
 * @throws AppError PM-6002 not parsable, PM-6003 too large, PM-6004 unknown version, PM-6005 a rule is broken
 */
export function decodeBatch(body: Uint8Array, encoding: string | undefined): Batch {
  const wire = parseWire(unpack(body, encoding));
  const segments = resolveColumns(wire.g, { first: wire.q, base: wire.b, dictionary: wire.d });
  const batch: Batch = {
    account: wire.c,
    agent: wire.a,
    epoch: wire.e,
    firstSeq: wire.q,
    count: wire.n,
    sentAt: wire.at,
    segments,
    others: wire.r.filter((record) => record.kind !== 'segment'),
    open: wire.o,
  };
  if (batch.others.length !== wire.r.length) throw invalid('segments travel as columns only');
  for (const record of batch.others) requireSpan(record);
  requireEverySeqOnce(batch);
  return batch;
}

/** The records of a batch as objects, in order of seq. For tests and tools; the hot path reads the columns. */
export function batchRecords(batch: Batch): AgentRecord[] {
  const { segments } = batch;
  const rows = segments.seq.map((_, i) => {
    const at = <T>(column: readonly T[]): T => {
      const value = column[i];
      if (value === undefined) throw invalid('columns differ in length');
      return value;
    };
    return {
      kind: 'segment' as const,
      seq: at(segments.seq),
      session: at(segments.session),
      document: at(segments.document),
      application: at(segments.application),
      started: at(segments.started),
      ended: at(segments.ended),
      state: at(segments.state),
      cause: at(segments.cause),
      flags: at(segments.flags),
    };
  });
  return [...rows, ...batch.others].toSorted((a, b) => a.seq - b.seq);
}

/** The plain text of a body. @throws AppError PM-6002, PM-6003 */
export function unpack(body: Uint8Array, encoding: string | undefined): string {
  if (body.byteLength > BATCH_MAX_BYTES) throw new AppError('recordTooLarge');
  if (encoding === undefined || encoding === 'identity') return textOf(Buffer.from(body));
  if (encoding !== 'zstd') throw new AppError('recordMalformed', `unknown encoding ${encoding.slice(0, 40)}`);
  return textOf(inflate(body));
}

function inflate(body: Uint8Array): Buffer {
  try {
    return zstdDecompressSync(body, UNPACK_LIMITS);
  } catch (cause) {
    const tooLarge = cause instanceof RangeError;
    throw new AppError(tooLarge ? 'recordTooLarge' : 'recordMalformed', undefined, { cause });
  }
}

/** Bytes that are no UTF-8 would otherwise become other text than was sent. */
function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new AppError('recordMalformed', 'the text is not UTF-8');
  return bytes.toString('utf8');
}

function parseWire(text: string): z.infer<typeof wireSchema> {
  let value: unknown;
  try {
    value = parseUnambiguous(text);
  } catch (cause) {
    const twice = cause instanceof SyntaxError && cause.message.includes('twice');
    throw new AppError('recordMalformed', twice ? cause.message : undefined, { cause });
  }
  const version = versionSchema.safeParse(value);
  if (version.success && version.data.v !== WIRE_VERSION) {
    throw new AppError('recordVersionUnknown', `schema version ${version.data.v} is not known here`);
  }
  const result = wireSchema.safeParse(value);
  if (!result.success) throw invalid(z.prettifyError(result.error).slice(0, 500));
  return result.data;
}

function resolveColumns(
  wire: WireColumns,
  { first, base, dictionary }: { first: number; base: number; dictionary: readonly string[] },
): SegmentColumns {
  const length = wire.q.length;
  if (SEGMENT_FIELDS.some((field) => wire[field].length !== length))
    throw invalid('columns differ in length');
  const ids = (column: number[]): string[] =>
    integers(column, 0, dictionary.length - 1).map((i) => {
      const id = dictionary[i];
      if (id === undefined) throw invalid('an id is not in the dictionary');
      return id;
    });
  const started = integers(wire.t, -10 * 365 * 86_400_000, 10 * 365 * 86_400_000).map(
    (offset) => base + offset,
  );
  for (const start of started) requireInstant(start);
  const lengths = integers(wire.l, 0, SEGMENT_CAP_MS);
  return {
    seq: integers(wire.q, 0, BATCH_MAX_RECORDS - 1).map((offset) => first + offset),
    session: ids(wire.s),
    document: ids(wire.d),
    application: integers(wire.a, 1, 2_147_483_647),
    started,
    ended: started.map((start, i) => start + (lengths[i] ?? 0)),
    state: integers(wire.st, 1, 3),
    cause: integers(wire.c, 1, 255),
    flags: integers(wire.f, 0, 255),
  };
}

function integers(column: number[], min: number, max: number): number[] {
  for (const value of column) {
    if (!Number.isInteger(value) || value < min || value > max)
      throw invalid(`${value} is not in ${min} to ${max}`);
  }
  return column;
}

function requireInstant(at: number): void {
  if (at < EARLIEST_INSTANT_MS || at > LATEST_INSTANT_MS) throw invalid('a segment begins at no instant');
}

/** Nothing ends before it began, and a piece of coverage is short: the roll-up and the reports rely on it. */
function requireSpan(record: Batch['others'][number]): void {
  const [from, to] = spanOf(record);
  if (to !== null && to < from)
    throw invalid(`the ${record.kind} with seq ${record.seq} ends before it begins`);
  if (record.kind === 'coverage' && record.to - from > COVERAGE_CAP_MS)
    throw invalid(`the coverage with seq ${record.seq} is longer than ${COVERAGE_CAP_MS} ms`);
}

function spanOf(record: Batch['others'][number]): [from: number, to: number | null] {
  switch (record.kind) {
    case 'coverage':
    case 'gap':
      return [record.from, record.to];
    case 'session':
      return [record.started, record.ended];
    case 'document':
      return [record.opened, record.closed];
    case 'capability':
      return [record.at, null];
  }
}

function requireEverySeqOnce(batch: Batch): void {
  const seen = new Uint8Array(batch.count);
  const mark = (seq: number): void => {
    const offset = seq - batch.firstSeq;
    if (offset < 0 || offset >= batch.count || seen[offset] === 1)
      throw invalid(`seq ${seq} is doubled or out of range`);
    seen[offset] = 1;
  };
  for (const seq of batch.segments.seq) mark(seq);
  for (const record of batch.others) mark(record.seq);
  if (seen.includes(0)) throw invalid('a seq of the batch is missing');
  if (batch.count > 0 && batch.firstSeq < 1) throw invalid('the first seq is 1');
}

function invalid(message: string): AppError {
  return new AppError('recordInvalid', message);
}

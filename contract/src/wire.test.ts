import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppError, type ErrorCode } from './errors.ts';
import type { AgentRecord, OpenSnapshot, SegmentRecord } from './record.ts';
import { COVERAGE_CAP_MS, SEGMENT_CAP_MS } from './state.ts';
import {
  BATCH_MAX_BYTES,
  BATCH_MAX_PLAIN_BYTES,
  BATCH_MAX_RECORDS,
  batchRecords,
  decodeBatch,
  encodeBatch,
  type BatchInput,
} from './wire.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
const AGENT = 'abcdefgh2345';
const input = (records: AgentRecord[], open: OpenSnapshot | null = null): BatchInput => ({
  account: 'default',
  agent: AGENT,
  epoch: NOW,
  sentAt: NOW,
  records,
  open,
});

const instant = fc.integer({ min: NOW - 86_400_000, max: NOW });
const length = fc.integer({ min: 0, max: SEGMENT_CAP_MS });
const hexId = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map((n) => n.toString(16).padStart(16, '0'));
const code = fc.integer({ min: 1, max: 255 });
const flags = fc.integer({ min: 0, max: 255 });
const state = fc.integer({ min: 1, max: 3 });
const application = fc.integer({ min: 1, max: 2_147_483_647 });
const text = fc.string({ unit: 'binary', maxLength: 60 }).map((any) => any.replaceAll('\0', ' '));
const span = fc.tuple(instant, length);

const segment = fc
  .record({ session: hexId, document: hexId, application, span, state, cause: code, flags })
  .map(({ span: [started, ms], ...rest }) => ({
    kind: 'segment' as const,
    ...rest,
    started,
    ended: started + ms,
  }));
const session = fc
  .record({ session: hexId, application, user: text, computer: text, desktop: text, executable: text, span })
  .chain(({ span: [started, ms], ...rest }) =>
    fc.constantFrom(null, started + ms).map((ended) => ({
      kind: 'session' as const,
      ...rest,
      pid: 7,
      started,
      ended,
      endCause: ended === null ? null : 13,
      revision: 1,
    })),
  );
const document = fc
  .record({ session: hexId, document: hexId, name: text, path: text, span })
  .chain(({ span: [opened, ms], ...rest }) =>
    fc.constantFrom(null, opened + ms).map((closed) => ({
      kind: 'document' as const,
      ...rest,
      source: 'file' as const,
      confidence: 90,
      opened,
      closed,
      closeCause: closed === null ? null : 13,
    })),
  );
const coverage = fc
  .record({ from: instant, ms: fc.integer({ min: 0, max: COVERAGE_CAP_MS }), cause: code })
  .map(({ from, ms, cause }) => ({ kind: 'coverage' as const, from, to: from + ms, cause }));
const gap = fc
  .record({ span, lost: fc.integer({ min: -1, max: 1e6 }) })
  .map(({ span: [from, ms], lost }) => ({
    kind: 'gap' as const,
    from,
    to: from + ms,
    lost,
    reason: 'outboxFull' as const,
  }));
const capability = fc.record({
  kind: fc.constant('capability' as const),
  at: instant,
  input: fc.constantFrom('hook+idle' as const, 'idle' as const, 'none' as const),
  window: fc.constant('x11' as const),
  documents: fc.constant('proc' as const),
  desktop: fc.constant('x11'),
  reason: text,
});
const open = fc.record({
  rev: fc.nat(),
  asOf: instant,
  watchedFrom: fc.option(instant),
  documents: fc.array(
    fc.record({
      session: hexId,
      document: hexId,
      application,
      state,
      cause: code,
      flags,
      since: instant,
      held: fc.option(fc.record({ state, cause: code, flags, since: instant })),
    }),
    { maxLength: 5 },
  ),
});
const batch = fc
  .record({
    first: fc.integer({ min: 1, max: 1e12 }),
    bodies: fc.array(fc.oneof(segment, session, document, coverage, gap, capability), {
      maxLength: BATCH_MAX_RECORDS,
    }),
    open: fc.option(open),
  })
  .map(({ first, bodies, open: snapshot }) =>
    input(
      bodies.map((body, i): AgentRecord => ({ ...body, seq: first + i })),
      snapshot,
    ),
  );

/** Numbers that look random and are the same in every run (mulberry32). */
function randomFrom(start: number): (below: number) => number {
  let seed = start;
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** A morning of work: eight documents of two applications with random ids, segments of random length to the ms. */
const realSegments = (count: number): SegmentRecord[] => {
  const random = randomFrom(7);
  const id = (): string =>
    random(8).toString() + Array.from({ length: 15 }, () => random(16).toString(16)).join('');
  const sessions = [id(), id()];
  const documents = Array.from({ length: 8 }, id);
  let at = NOW;
  return Array.from({ length: count }, (_, i) => {
    const started = at;
    at += 1000 + random(600_000);
    const which = random(8);
    return {
      kind: 'segment',
      seq: 5000 + i,
      session: sessions[which % 2]!,
      document: documents[which]!,
      application: 1 + (which % 2),
      started,
      ended: at,
      state: 1 + random(3),
      cause: 1 + random(8),
      flags: random(40) === 0 ? 1 : 0,
    };
  });
};

function refusal(work: () => unknown): ErrorCode | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return undefined;
}

/** A valid wire value of some records, changed before it is read. */
function changed(
  records: AgentRecord[],
  change: (wire: Record<string, unknown>) => void,
): ErrorCode | undefined {
  const { body, encoding } = encodeBatch(input(records));
  const plain = encoding === 'zstd' ? zstdDecompressSync(body) : body;
  const wire = JSON.parse(plain.toString()) as Record<string, unknown>;
  change(wire);
  return refusal(() => decodeBatch(Buffer.from(JSON.stringify(wire)), 'identity'));
}
const columns = (wire: Record<string, unknown>): Record<string, number[]> =>
  wire['g'] as Record<string, number[]>;

test('what is encoded is decoded, for every kind of record and any mixture', () => {
  fc.assert(
    fc.property(batch, (given) => {
      const { body, encoding } = encodeBatch(given);
      const read = decodeBatch(body, encoding);
      expect(batchRecords(read)).toEqual(given.records);
      expect(read.open).toEqual(given.open);
      expect(read).toMatchObject({
        account: given.account,
        agent: given.agent,
        epoch: given.epoch,
        sentAt: given.sentAt,
        firstSeq: given.records[0]?.seq ?? 0,
        count: given.records.length,
      });
    }),
  );
});

test('a full batch of segments takes less than 30 bytes a record', () => {
  const { body, encoding } = encodeBatch(input(realSegments(100)));
  const each = body.byteLength / 100;
  process.stdout.write(`bytes per record: ${each.toFixed(1)}\n`);
  expect(encoding).toBe('zstd');
  expect(each).toBeLessThan(30);
});

test('random bytes give a code, never another error', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom('zstd', 'identity', undefined),
      (bytes, how) => {
        expect(refusal(() => decodeBatch(bytes, how))).toMatch(/^PM-600[245]$/);
      },
    ),
  );
});

test('a bomb and an oversized body are too large', () => {
  const bomb = zstdCompressSync(Buffer.alloc(BATCH_MAX_PLAIN_BYTES + 1, 32));
  expect(bomb.byteLength).toBeLessThan(BATCH_MAX_BYTES);
  expect(refusal(() => decodeBatch(bomb, 'zstd'))).toBe('PM-6003');
  expect(refusal(() => decodeBatch(Buffer.alloc(BATCH_MAX_BYTES + 1, 32), 'identity'))).toBe('PM-6003');
});

test('what is no batch is malformed', () => {
  expect(refusal(() => decodeBatch(Buffer.from('{"v":1'), 'identity'))).toBe('PM-6002');
  expect(refusal(() => decodeBatch(Buffer.from('no zstd'), 'zstd'))).toBe('PM-6002');
  expect(refusal(() => decodeBatch(Buffer.from('{}'), 'br'))).toBe('PM-6002');
  const { body } = encodeBatch(input(realSegments(50)));
  expect(refusal(() => decodeBatch(body.subarray(0, body.length - 5), 'zstd'))).toBe('PM-6002');
});

test('an unknown version is told apart from a broken rule', () => {
  expect(changed(realSegments(1), (wire) => (wire['v'] = 2))).toBe('PM-6004');
  expect(changed(realSegments(1), (wire) => delete wire['v'])).toBe('PM-6005');
});

test('every seq of a batch comes once', () => {
  const three = realSegments(3);
  expect(changed(three, () => undefined)).toBeUndefined();
  expect(changed(three, (wire) => (columns(wire)['q'] = [0, 1, 1]))).toBe('PM-6005');
  expect(changed(three, (wire) => (columns(wire)['q'] = [0, 1, 3]))).toBe('PM-6005');
  expect(changed(three, (wire) => (wire['n'] = 4))).toBe('PM-6005');
  expect(changed(three, (wire) => (wire['q'] = 0))).toBe('PM-6005');
  expect(changed(three, (wire) => (wire['n'] = BATCH_MAX_RECORDS + 1))).toBe('PM-6005');
});

test('columns agree with each other and with the dictionary', () => {
  const three = realSegments(3);
  expect(changed(three, (wire) => columns(wire)['st']!.pop())).toBe('PM-6005');
  expect(changed(three, (wire) => (columns(wire)['d']![0] = 99))).toBe('PM-6005');
  expect(changed(three, (wire) => (columns(wire)['st']![0] = 4))).toBe('PM-6005');
  expect(changed(three, (wire) => (columns(wire)['t']![0] = 0.5))).toBe('PM-6005');
  expect(changed([], (wire) => (wire['r'] = three))).toBe('PM-6005');
});

test('a segment is as long as the cap at most, and never of negative length', () => {
  const one = (ms: number): AgentRecord[] => [{ ...realSegments(1)[0]!, started: NOW, ended: NOW + ms }];
  expect(changed(one(SEGMENT_CAP_MS), () => undefined)).toBeUndefined();
  expect(changed(one(SEGMENT_CAP_MS + 1), () => undefined)).toBe('PM-6005');
  expect(changed(one(-1), () => undefined)).toBe('PM-6005');
});

test('a piece of coverage is a quarter-hour long at most', () => {
  const one = (ms: number): AgentRecord[] => [
    { kind: 'coverage', seq: 1, from: NOW, to: NOW + ms, cause: 9 },
  ];
  expect(changed(one(COVERAGE_CAP_MS), () => undefined)).toBeUndefined();
  expect(changed(one(COVERAGE_CAP_MS + 1), () => undefined)).toBe('PM-6005');
});

test.each([
  ['coverage', 'to', { kind: 'coverage', seq: 1, from: NOW, to: NOW, cause: 9 }],
  ['gap', 'to', { kind: 'gap', seq: 1, from: NOW, to: NOW, lost: -1, reason: 'outboxDamaged' }],
  [
    'session',
    'ended',
    {
      kind: 'session',
      seq: 1,
      session: '0000000000000001',
      application: 1,
      user: 'ida',
      computer: 'ws-1',
      desktop: ':1',
      executable: '/usr/bin/draw',
      pid: 7,
      started: NOW,
      ended: NOW,
      endCause: 13,
      revision: 1,
    },
  ],
  [
    'document',
    'closed',
    {
      kind: 'document',
      seq: 1,
      session: '0000000000000001',
      document: '0000000000000002',
      name: 'plan',
      path: '',
      source: 'file',
      confidence: 90,
      opened: NOW,
      closed: NOW,
      closeCause: 13,
    },
  ],
] satisfies [string, string, AgentRecord][])('a %s does not end before it begins', (_, end, record) => {
  expect(changed([record], () => undefined)).toBeUndefined();
  const early = { ...record, [end]: NOW - 1 };
  expect(changed([early], () => undefined)).toBe('PM-6005');
});

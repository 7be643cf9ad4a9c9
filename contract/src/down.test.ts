import { expect, test } from 'vitest';
import { downSigner, generateDownSecret, openEnvelope, type DownMessage, type TrustedKey } from './down.ts';
import { AppError, type ErrorCode } from './errors.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
const AGENT = 'abcdefgh2345';
const ingest = downSigner('ingest-1', generateDownSecret());
const manager = downSigner('manager-1', generateDownSecret());
const trusted: TrustedKey[] = [
  { kid: ingest.kid, key: ingest.publicKey, types: ['mark'] },
  { kid: manager.kid, key: manager.publicKey, types: ['config', 'watch', 'credentials'] },
];
const mark: DownMessage = {
  type: 'mark',
  to: AGENT,
  issuedAt: NOW,
  expiresAt: NOW + 60_000,
  epoch: 1,
  committed: [[1, 12]],
};
const open = (bytes: Uint8Array, now = NOW): DownMessage =>
  openEnvelope(bytes, { agent: AGENT, trusted, now });

function refusal(bytes: Uint8Array, now = NOW): ErrorCode | undefined {
  try {
    open(bytes, now);
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return undefined;
}
const envelope = (message: DownMessage = mark): Record<'kid' | 'body' | 'sig', string> =>
  JSON.parse(ingest.seal(message).toString()) as Record<'kid' | 'body' | 'sig', string>;
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('an envelope for this agent, by a trusted key, in its time, opens', () => {
  expect(open(ingest.seal(mark))).toEqual(mark);
  const watch: DownMessage = { ...mark, type: 'watch', until: NOW + 30_000 };
  expect(open(manager.seal(watch))).toMatchObject({ type: 'watch', until: NOW + 30_000 });
});

test('a key that is not trusted, or a changed body, does not open', () => {
  expect(refusal(downSigner('ingest-1', generateDownSecret()).seal(mark))).toBe('PM-7001');
  expect(refusal(bytes({ ...envelope(), kid: 'ingest-2' }))).toBe('PM-7001');
  expect(refusal(bytes({ ...envelope(), kid: manager.kid }))).toBe('PM-7001');
  expect(refusal(bytes({ ...envelope(), sig: '' }))).toBe('PM-7001');
  const other = envelope({ ...mark, committed: [[1, 9999]] });
  expect(refusal(bytes({ ...envelope(), body: other.body }))).toBe('PM-7001');
});

test('a trusted key signs only its own types', () => {
  expect(refusal(manager.seal(mark))).toBe('PM-7001');
  expect(refusal(ingest.seal({ ...mark, type: 'credentials', jwt: 'x' }))).toBe('PM-7001');
  expect(refusal(ingest.seal({ ...mark, type: 'watch', until: NOW }))).toBe('PM-7001');
});

test('an envelope for another agent does not open', () => {
  expect(refusal(ingest.seal({ ...mark, to: 'zzzzzzzz2345' }))).toBe('PM-7002');
});

test('an envelope opens until its end and not at it', () => {
  expect(refusal(ingest.seal(mark), mark.expiresAt - 1)).toBeUndefined();
  expect(refusal(ingest.seal(mark), mark.expiresAt)).toBe('PM-7003');
});

test('what is no envelope, or a signed body of no known type, is malformed', () => {
  expect(refusal(Buffer.from('{'))).toBe('PM-7005');
  expect(refusal(bytes({ kid: 'ingest-1' }))).toBe('PM-7005');
  const unknown = { ...mark, type: 'obey' } as unknown as DownMessage;
  expect(refusal(ingest.seal(unknown))).toBe('PM-7005');
});

test('messages under one signature open each for its agent, and only as they were sealed', () => {
  const marks: DownMessage[] = Array.from({ length: 7 }, (_, i) => ({
    ...mark,
    to: i === 3 ? AGENT : `agent${i}`,
    committed: [[1, i + 1]],
  }));
  const sealed = ingest.sealAll(marks);
  expect(open(sealed[3]!)).toEqual(marks[3]);
  expect(sealed.map((one) => refusal(one))).toEqual(
    marks.map(({ to }) => (to === AGENT ? undefined : 'PM-7002')),
  );
  const parsed = sealed.map((one) => JSON.parse(one.toString()) as Record<string, unknown>);
  const own = parsed[3]!;
  // The body of a neighbour, made out to this agent, does not lead to the signed root.
  const forged = Buffer.from(JSON.stringify({ ...mark, committed: [[1, 9999]] })).toString('base64url');
  expect(refusal(bytes({ ...own, body: forged }))).toBe('PM-7001');
  expect(refusal(bytes({ ...own, path: parsed[2]!['path'] }))).toBe('PM-7001');
  expect(refusal(bytes({ ...own, path: undefined }))).toBe('PM-7001');
  expect(refusal(bytes({ ...own, path: ['x'] }))).toBe('PM-7005');
  expect(refusal(bytes({ ...envelope(), path: own['path'] }))).toBe('PM-7001');
  expect(open(ingest.sealAll([mark])[0]!)).toEqual(mark);
  expect(ingest.sealAll([])).toEqual([]);
});

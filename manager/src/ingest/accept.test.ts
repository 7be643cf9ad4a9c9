import {
  deriveAgentKey,
  encodeBatch,
  HEADER,
  macHeader,
  recordSubject,
  type AgentRecord,
  type ErrorCode,
  type OpenSnapshot,
} from '@process-meter/contract';
import { expect, test } from 'vitest';
import { createAcceptor, type Incoming } from './accept.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
const TOLERANCE = 600_000;
const AGENT = 'abcdefgh2345';
const MASTER = Buffer.alloc(32, 7);
const accept = createAcceptor(new Map([['k1', MASTER]]));

interface Change {
  records?: AgentRecord[];
  open?: OpenSnapshot;
  subject?: string;
  account?: string;
  agent?: string;
  kid?: string;
  /** Headers that tell another place in the outbox than the body, with a MAC that verifies. */
  epoch?: number;
  seq?: number;
}

const coverage = (to: number): AgentRecord => ({ kind: 'coverage', seq: 1, from: NOW - 1000, to, cause: 9 });

function message(change: Change): Incoming {
  const records = change.records ?? [coverage(NOW)];
  const { body, encoding } = encodeBatch({
    account: change.account ?? 'default',
    agent: change.agent ?? AGENT,
    epoch: 5,
    sentAt: NOW,
    records,
    open: change.open ?? null,
  });
  const subject = change.subject ?? recordSubject('default', AGENT);
  const kid = change.kid ?? 'k1';
  const epoch = change.epoch ?? 5;
  const seq = change.seq ?? records[0]?.seq ?? 0;
  const key = deriveAgentKey(MASTER, kid, subject.split('.')[2] ?? '');
  const headers = new Map<string, string>([
    [HEADER.mac, macHeader(key, kid, { subject, epoch, seq, body })],
    [HEADER.epoch, String(epoch)],
    [HEADER.seq, String(seq)],
    [HEADER.encoding, encoding],
  ]);
  return { subject, body, header: (name) => headers.get(name) };
}

function refusal(change: Change): ErrorCode | undefined {
  const result = accept(message(change), NOW);
  return result.ok ? undefined : result.refusal.code;
}

test('a batch with its own address, place and MAC is accepted', () => {
  expect(refusal({})).toBeUndefined();
});

test('a key id that is not known here, or another header, is forged', () => {
  expect(refusal({ kid: 'k2' })).toBe('PM-6001');
  const good = message({});
  const seq2 = { ...good, header: (name: string) => (name === HEADER.seq ? '2' : good.header(name)) };
  expect(accept(seq2, NOW)).toMatchObject({ ok: false, refusal: { code: 'PM-6001' } });
  const bare = { ...good, header: () => undefined };
  expect(accept(bare, NOW)).toMatchObject({ ok: false, refusal: { code: 'PM-6001' } });
});

test('a batch for another address or place than its own is refused', () => {
  expect(refusal({ subject: 'rec.default' })).toBe('PM-6009');
  expect(refusal({ agent: 'zzzzzzzz2345' })).toBe('PM-6009');
  expect(refusal({ account: 'other' })).toBe('PM-6009');
  expect(refusal({ epoch: 6 })).toBe('PM-6002');
  expect(refusal({ seq: 2 })).toBe('PM-6002');
});

const snapshot = (change: Partial<OpenSnapshot>, since = NOW): OpenSnapshot => ({
  rev: 1,
  asOf: NOW,
  watchedFrom: NOW,
  documents: [
    {
      session: '0000000000000001',
      document: '0000000000000002',
      application: 1,
      state: 1,
      cause: 2,
      flags: 0,
      since,
      held: null,
    },
  ],
  ...change,
});

test.each<[string, (at: number) => Change]>([
  ['the end of a coverage', (at) => ({ records: [coverage(at)] })],
  ['the instant of a snapshot', (at) => ({ open: snapshot({ asOf: at }) })],
  ['the begin of watching', (at) => ({ open: snapshot({ watchedFrom: at }) })],
  ['the begin of an open state', (at) => ({ open: snapshot({}, at) })],
])('%s lies at most ten minutes ahead', (_, change) => {
  expect(refusal(change(NOW + TOLERANCE))).toBeUndefined();
  expect(refusal(change(NOW + TOLERANCE + 1))).toBe('PM-6006');
});

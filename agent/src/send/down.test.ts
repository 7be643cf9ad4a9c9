import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downSigner, generateDownSecret, type DownMessage, type TrustedKey } from '@process-meter/contract';
import { makeLocalAuthority } from '@process-meter/local';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOutbox, type Outbox } from '../outbox/store.ts';
import { DownReader } from './down.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
const MINUTE = 60_000;
const AGENT = 'aaaaaaaaaaaa';
const OTHER = 'bbbbbbbbbbbb';
const manager = downSigner('manager-1', generateDownSecret());
const ingest = downSigner('ingest-1', generateDownSecret());
const trusted: TrustedKey[] = [
  { kid: manager.kid, key: manager.publicKey, types: ['config', 'watch', 'credentials'] },
  { kid: ingest.kid, key: ingest.publicKey, types: ['mark'] },
];

let folder: string;
let outbox: Outbox;
let now: number;
let acted: unknown[];
let codes: unknown[];

const quiet = { debug: () => {}, info: () => {}, error: () => {} };
const open = (): Outbox =>
  openOutbox({ folder, budgetBytes: 1_000_000, now: () => now, log: { ...quiet, warn: () => {} } });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pm-down-'));
  now = NOW;
  acted = [];
  codes = [];
  outbox = open();
});
afterEach(() => {
  outbox.close();
  rmSync(folder, { recursive: true });
});

function reader(): DownReader {
  const did = (what: string) => (value: unknown) => void acted.push([what, value]);
  return new DownReader({
    agent: AGENT,
    trusted: () => trusted,
    store: outbox,
    now: () => now,
    log: { ...quiet, warn: (fields: { code?: unknown }) => void codes.push(fields.code) },
    handlers: {
      config: (config) => did('config')(config.revision),
      mark: (mark) => did('mark')(mark.committed),
      watch: did('watch'),
      credentials: did('credentials'),
      authorities: did('authorities'),
    },
  });
}

const head = (issuedAt: number, to = AGENT) => ({ to, issuedAt, expiresAt: issuedAt + 10 * MINUTE });
const watch = (issuedAt: number, to = AGENT): DownMessage => ({
  type: 'watch',
  ...head(issuedAt, to),
  until: issuedAt + MINUTE,
});
const credentials = (issuedAt: number, jwt: string): DownMessage => ({
  type: 'credentials',
  ...head(issuedAt),
  jwt,
});
const config = (issuedAt: number, revision: number): DownMessage => ({
  type: 'config',
  ...head(issuedAt),
  config: {
    revision,
    applications: [],
    sendEveryMs: 60_000,
    presenceEveryMs: 30_000,
    hashKey: 'k'.repeat(43),
  },
});

test('a command that was acted on is not acted on again, also not after a restart, nor one that is older', () => {
  const recorded = manager.seal(credentials(NOW, 'new'));
  expect(reader().receive(recorded)).toBe('credentials');
  expect(reader().receive(recorded)).toBeNull();
  outbox.close();
  outbox = open();
  expect(reader().receive(recorded)).toBeNull();
  expect(reader().receive(manager.seal(credentials(NOW - 1, 'old')))).toBeNull();
  expect(reader().receive(manager.seal(credentials(NOW + 1, 'next')))).toBe('credentials');
  expect(acted).toEqual([
    ['credentials', 'new'],
    ['credentials', 'next'],
  ]);
  expect(codes).toEqual(['PM-7004', 'PM-7004', 'PM-7004']);
});

test('an older configuration never comes back into force; the one that is in force may come again', () => {
  const before = manager.seal(config(NOW - MINUTE, 1));
  const current = manager.seal(config(NOW, 2));
  const receive = (bytes: Buffer) => reader().receive(bytes);
  expect([receive(before), receive(current), receive(before), receive(current)]).toEqual([
    'config',
    'config',
    null,
    'config',
  ]);
  acted = [];
  expect(reader().restoreConfig()).toBe(true);
  expect(acted).toEqual([['config', 2]]);
});

test('a refused command moves no order: the genuine one that is older than a forged one still counts', () => {
  const stranger = downSigner(manager.kid, generateDownSecret());
  expect(reader().receive(stranger.seal(watch(NOW + MINUTE)))).toBeNull();
  expect(reader().receive(manager.seal(watch(NOW + MINUTE, OTHER)))).toBeNull();
  expect(reader().receive(manager.seal(watch(NOW)))).toBe('watch');
  expect(codes).toEqual(['PM-7001', 'PM-7002']);
});

test.each<[string, string, () => Uint8Array]>([
  ['for another agent', 'PM-7002', () => manager.seal(watch(NOW, OTHER))],
  ['that has expired', 'PM-7003', () => manager.seal(watch(NOW - 10 * MINUTE))],
  ['of ingest, which may only send marks', 'PM-7001', () => ingest.seal(watch(NOW))],
  ['with a body exchanged', 'PM-7001', () => exchanged()],
  ['that is the answer of a server', 'PM-7005', () => Buffer.from('{"stream":"REC","seq":7}')],
  ['that is nothing', 'PM-7005', () => Buffer.alloc(0)],
])('a command %s is refused with its code', (_name, code, make) => {
  expect(reader().receive(make())).toBeNull();
  expect(acted).toEqual([]);
  expect(codes).toEqual([code]);
});

function exchanged(): Buffer {
  const good = JSON.parse(manager.seal(watch(NOW)).toString()) as { body: string };
  const other = JSON.parse(manager.seal(watch(NOW + 1)).toString()) as { body: string };
  return Buffer.from(JSON.stringify({ ...good, body: other.body }));
}

const CA = ['old', 'next'].map((name) => {
  const authority = makeLocalAuthority(name);
  authority.forget();
  return authority.certificate;
});
const [OLD, NEXT] = CA as [string, string];

test('authorities come with configuration and credentials, and the newest word counts, whichever brings it', () => {
  const learned = (): unknown[] => acted.filter((one) => Array.isArray(one) && one[0] === 'authorities');
  const one = reader();
  one.receive(manager.seal({ ...config(NOW, 1), authorities: [OLD] } as DownMessage));
  one.receive(manager.seal({ ...credentials(NOW + 2, 'jwt'), authorities: [OLD, NEXT] } as DownMessage));
  // Made before, and on the way for longer.
  one.receive(manager.seal({ ...config(NOW + 1, 2), authorities: [OLD] } as DownMessage));
  expect(learned()).toEqual([
    ['authorities', [OLD]],
    ['authorities', [OLD, NEXT]],
  ]);
  expect(acted.at(-1)).toEqual(['config', 2]);
  outbox.close();
  outbox = open();
  reader().receive(manager.seal({ ...config(NOW + 2, 3), authorities: [OLD] } as DownMessage));
  expect(learned()).toHaveLength(2);
});

test('authorities that Ingest signed, or that are none, are not learned; a message without them leaves them', () => {
  const one = reader();
  one.receive(ingest.seal({ ...config(NOW, 1), authorities: [NEXT] } as DownMessage));
  one.receive(manager.seal({ ...config(NOW, 1), authorities: ['no certificate'] } as DownMessage));
  one.receive(manager.seal(config(NOW, 1)));
  expect(acted).toEqual([['config', 1]]);
});

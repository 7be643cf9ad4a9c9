import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvelope } from '@process-meter/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentCredentials, initSecrets, readSecrets, trustCommand } from './index.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pm-secrets-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const contents = (): Record<string, string> =>
  Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]));

test('every file is for its owner only', () => {
  initSecrets(dir, Date.now());
  for (const name of readdirSync(dir))
    expect([name, statSync(join(dir, name)).mode & 0o777]).toEqual([name, 0o600]);
});

test('a second run changes nothing', () => {
  expect(initSecrets(dir, Date.now())).toHaveLength(13);
  const before = contents();
  expect(initSecrets(dir, Date.now() + 5000)).toEqual([]);
  expect(contents()).toEqual(before);
});

test('a run that was cut off is finished by the next with the keys that are there', () => {
  initSecrets(dir, Date.now());
  const before = contents();
  for (const name of ['account.jwt', 'nats-trust.conf', 'manager.creds.json']) rmSync(join(dir, name));
  expect(initSecrets(dir, Date.now()).toSorted()).toEqual([
    'account.jwt',
    'manager.creds.json',
    'nats-trust.conf',
  ]);
  expect(contents()['account.nk']).toBe(before['account.nk']);
  expect(contents()['nats-trust.conf']).toContain(before['operator.jwt']!.trim());
});

test('a missing or damaged file is named, and its content is not', () => {
  expect(() => readSecrets(dir)).toThrow(/cannot read .+ trust init/);
  initSecrets(dir, Date.now());
  writeFileSync(join(dir, 'master-mac.json'), '{"key": "secret-part"');
  expect(() => readSecrets(dir)).toThrow(/^master-mac\.json in .+ is damaged$/);
});

test('agents trust the Manager for commands and ingest for marks only', () => {
  initSecrets(dir, Date.now());
  const { signer, trusted } = agentCredentials(readSecrets(dir));
  const now = Date.now();
  const head = { to: 'aaaaaaaaaaaa', issuedAt: now, expiresAt: now + 1000 };
  const reader = { agent: 'aaaaaaaaaaaa', trusted, now };
  const watch = signer.seal({ type: 'watch', ...head, until: now + 1000 });
  expect(openEnvelope(watch, reader).type).toBe('watch');
  const mark = signer.seal({ type: 'mark', ...head, epoch: 1, committed: [] });
  expect(() => openEnvelope(mark, reader)).toThrow(expect.objectContaining({ code: 'PM-7001' }));
});

test('the command says how it is used', () => {
  expect(() => trustCommand([], 0)).toThrow('usage: manager trust init --dir DIR');
  expect(trustCommand(['init', '--dir', dir], Date.now())).toContain('operator.nk');
  expect(trustCommand(['init', '--dir', dir], Date.now())).toBe('The secrets are complete.');
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalAuthority } from '@process-meter/local';
import { afterAll, expect, test } from 'vitest';
import { readConfig } from './config.ts';

const dir = mkdtempSync(join(tmpdir(), 'pm-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

const NEEDED = { PM_DATABASE_URL: 'postgres://x', PM_NATS_URL: 'nats://x', PM_SECRETS_DIR: dir };
const withToken = (token: string): string | undefined => {
  const file = join(dir, 'token');
  writeFileSync(file, token);
  return readConfig({ ...NEEDED, PM_SERVICE_TOKEN_FILE: file }).serviceToken;
};

test('without a token file there is no token, so that no service is let in', () => {
  expect(readConfig(NEEDED).serviceToken).toBeUndefined();
});

test('a token is read without the line end of its file, and one that could be guessed is refused', () => {
  expect(withToken(`${'t'.repeat(32)}\n`)).toBe('t'.repeat(32));
  expect(() => withToken('t'.repeat(31))).toThrow('fewer than 32 characters');
  expect(() => withToken('')).toThrow('fewer than 32 characters');
});

test('every variable that is wrong is named', () => {
  expect(() => readConfig({})).toThrow(/PM_DATABASE_URL[\s\S]*PM_NATS_URL[\s\S]*PM_SECRETS_DIR/);
});

test('authorities of agents are read from a file that holds several; one that holds none is named', () => {
  const authorities = [makeLocalAuthority('one'), makeLocalAuthority('two')];
  const file = join(dir, 'ca.crt');
  const read = (content: string): readonly string[] => {
    writeFileSync(file, content);
    return readConfig({ ...NEEDED, PM_AGENT_AUTHORITIES_FILE: file }).authorities;
  };
  const certificates = authorities.map(({ certificate }) => certificate);
  expect(read(`# corp\n${certificates.join('\n')}`)).toEqual(certificates);
  expect(() => read('')).toThrow(`PM_AGENT_AUTHORITIES_FILE: ${file} holds no certificates`);
  expect(() => read(certificates.join('').replace('MII', 'XXX'))).toThrow('holds no certificates');
  expect(readConfig(NEEDED).authorities).toEqual([]);
  for (const authority of authorities) authority.forget();
});

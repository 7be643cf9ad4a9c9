import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { limitLogs } from './log-limit.ts';

test('a log over the limit begins anew, the old one is kept, and its open writer goes on', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pm-logs-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'ingest.log');
  const writer = openSync(file, 'a');
  writeSync(writer, 'x'.repeat(100));
  appendFileSync(join(dir, 'portal.log'), 'short');

  limitLogs(dir, 50);
  writeSync(writer, 'next');
  closeSync(writer);

  expect(readFileSync(file, 'utf8')).toBe('next');
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('x'.repeat(100));
  expect(readFileSync(join(dir, 'portal.log'), 'utf8')).toBe('short');
});

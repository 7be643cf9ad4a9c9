import { expect, test } from 'vitest';
import { presenceSchema, sessionRecordSchema } from './record.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
const presence = {
  v: 1,
  agent: 'abcdefgh2345',
  epoch: 1,
  at: NOW,
  version: '1',
  appliedRevision: 1,
  waiting: 0,
  oldestWaiting: null,
  lastSeq: 0,
  openSessions: 0,
  credentialsExpire: NOW,
  phase: 'running',
};
const session = {
  kind: 'session',
  seq: 1,
  session: '0000000000000001',
  application: 1,
  user: 'ida',
  computer: 'ws-1',
  desktop: ':1',
  executable: '/usr/bin/draw',
  pid: 1,
  started: NOW,
  ended: null,
  endCause: null,
  revision: 1,
};

test.each([
  {
    name: 'a presence',
    schema: presenceSchema,
    good: presence,
    texts: ['version'],
    numbers: ['waiting', 'appliedRevision'],
  },
  {
    name: 'a session',
    schema: sessionRecordSchema,
    good: session,
    texts: ['user', 'computer', 'desktop', 'executable'],
    numbers: ['pid', 'revision'],
  },
])('$name holds nothing that PostgreSQL cannot store', ({ schema, good, texts, numbers }) => {
  expect(schema.safeParse(good).success).toBe(true);
  for (const field of texts) expect(schema.safeParse({ ...good, [field]: 'a\0b' }).success).toBe(false);
  for (const field of numbers) {
    expect(schema.safeParse({ ...good, [field]: 2 ** 31 - 1 }).success).toBe(true);
    expect(schema.safeParse({ ...good, [field]: 2 ** 31 }).success).toBe(false);
  }
});

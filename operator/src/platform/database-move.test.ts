import { expect, test } from 'vitest';
import { databaseIn } from './database-move.ts';

const BASE = 'postgres://meter:secret@db.corp.local:5432/meter?sslmode=verify-full';

test.each([
  ['another password', 'postgres://meter:other@db.corp.local:5432/meter?sslmode=verify-full'],
  ['another role', 'postgres://role@db.corp.local:5432/meter'],
  ['other parameters', 'postgresql://meter:secret@db.corp.local:5432/meter?connect_timeout=5'],
])('%s opens the same database', (_, uri) => {
  expect(databaseIn(uri)).toBe(databaseIn(BASE));
});

test.each([
  ['another name', 'postgres://meter:secret@db.corp.local:5432/meter_restored'],
  ['another server', 'postgres://meter:secret@db2.corp.local:5432/meter'],
  ['another port', 'postgres://meter:secret@db.corp.local:6432/meter'],
  ['another server in a parameter', 'postgres://meter:secret@db.corp.local:5432/meter?host=db2'],
])('%s is another database', (_, uri) => {
  expect(databaseIn(uri)).not.toBe(databaseIn(BASE));
});

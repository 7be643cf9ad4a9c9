import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addAgent } from '../testing/recorded.ts';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { Directory } from './directory.ts';

const NOW = Date.now();
const SECOND = 1000;
let database: TestDatabase;
let account: number;

beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
  const { rows } = await database.pool.query<{ id: number }>(
    `insert into account (slug, name, hash_key) values ('acme', 'Acme', 'k') returning id`,
  );
  account = rows[0]!.id;
});
afterAll(() => database.drop());

const revoke = (name: string, at: number): Promise<unknown> =>
  database.pool.query('update agent set revoked_at = $2 where external_id = $1', [name, new Date(at)]);

test('a sender that was found and is revoked is known as revoked within half a minute', async () => {
  await addAgent(database.pool, account, 'aaaaaaaaaaaa');
  const directory = new Directory(database.pool);
  await directory.agents(['aaaaaaaaaaaa'], NOW);
  expect(directory.agent('aaaaaaaaaaaa')?.revoked).toBe(false);
  // The clock of the server that revokes is a little behind.
  await revoke('aaaaaaaaaaaa', NOW - 20 * SECOND);
  await directory.agents(['aaaaaaaaaaaa'], NOW + 29 * SECOND);
  expect(directory.agent('aaaaaaaaaaaa')?.revoked).toBe(false);
  await directory.agents(['aaaaaaaaaaaa'], NOW + 30 * SECOND);
  expect(directory.agent('aaaaaaaaaaaa')?.revoked).toBe(true);
});

test('a sender that was revoked before it was first looked up is revoked, and stays so', async () => {
  await addAgent(database.pool, account, 'bbbbbbbbbbbb');
  await revoke('bbbbbbbbbbbb', NOW - 86_400_000);
  const directory = new Directory(database.pool);
  await directory.agents(['bbbbbbbbbbbb'], NOW);
  expect(directory.agent('bbbbbbbbbbbb')?.revoked).toBe(true);
  await directory.agents(['bbbbbbbbbbbb'], NOW + 3_700 * SECOND);
  expect(directory.agent('bbbbbbbbbbbb')?.revoked).toBe(true);
});

test('a sender that is not known is looked up again after half a minute', async () => {
  const directory = new Directory(database.pool);
  await directory.agents(['cccccccccccc'], NOW);
  expect(directory.agent('cccccccccccc')).toBeNull();
  await addAgent(database.pool, account, 'cccccccccccc');
  await directory.agents(['cccccccccccc'], NOW + 20 * SECOND);
  expect(directory.agent('cccccccccccc')).toBeNull();
  await directory.agents(['cccccccccccc'], NOW + 31 * SECOND);
  expect(directory.agent('cccccccccccc')?.account).toBe(account);
});

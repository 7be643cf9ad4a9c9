import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.ts';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { awaitSchema, migrate, schemaState } from './index.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
});
afterAll(() => database.drop());

test('a migrated database is ready, and migrating again does nothing', async () => {
  expect(await schemaState(database.db)).toBe('ready');
  expect(await migrate(database.db)).toEqual([]);
  expect(await awaitSchema(database.db, 0)).toBe('ready');
});

test('an unknown migration that is not breaking is only newer; a breaking one stops an old binary', async () => {
  await sql`insert into kysely_migration (name, timestamp) values ('9998-later', '2030')`.execute(
    database.db,
  );
  expect(await schemaState(database.db)).toBe('newer');
  await sql`insert into schema_breaking values ('9998-later')`.execute(database.db);
  expect(await schemaState(database.db)).toBe('incompatible');
  await expect(awaitSchema(database.db, 0)).rejects.toThrow('cannot use');
  await sql`delete from kysely_migration where name = '9998-later'`.execute(database.db);
  await sql`delete from schema_breaking`.execute(database.db);
});

test('a database without the newest migration is older: a service waits, then says what to do', async () => {
  const newest = Object.keys(MIGRATIONS).at(-1);
  await sql`delete from kysely_migration where name = ${newest}`.execute(database.db);
  expect(await schemaState(database.db)).toBe('older');
  await expect(awaitSchema(database.db, 0)).rejects.toThrow('manager migrate');
});

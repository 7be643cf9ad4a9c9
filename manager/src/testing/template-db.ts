import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { connectDatabase, migrate, type Connection } from '../db/index.ts';

const TEMPLATE = 'pm_template';

export interface TestDatabase extends Connection {
  url: string;
  /** Closes the pool and drops the database; fails when a test left a connection of its own open. */
  drop(): Promise<void>;
}

/** A database without any table. */
export async function emptyDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `pm_test_${randomBytes(6).toString('hex')}`;
  await asOwner(serverUrl, (client) => client.query(`create database ${name}`));
  return opened(serverUrl, name);
}

/** A database of its own for one test file, copied from a template that is migrated once per server. */
export async function testDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `pm_test_${randomBytes(6).toString('hex')}`;
  await asOwner(serverUrl, async (client) => {
    // Test files run side by side: the first one makes the template while the others wait.
    await client.query('select pg_advisory_lock(4711)');
    await ensureTemplate(client, serverUrl);
    await client.query(`create database ${name} template ${TEMPLATE}`);
  });
  return opened(serverUrl, name);
}

function opened(serverUrl: string, name: string): TestDatabase {
  const url = inDatabase(serverUrl, name);
  const connection = connectDatabase(url);
  return {
    ...connection,
    url,
    async drop() {
      await connection.close();
      await asOwner(serverUrl, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

async function ensureTemplate(client: Client, serverUrl: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [TEMPLATE]);
  if (rowCount === 1) return;
  await client.query(`create database ${TEMPLATE}_making`);
  const connection = connectDatabase(inDatabase(serverUrl, `${TEMPLATE}_making`));
  await migrate(connection.db);
  await connection.close();
  await client.query(`alter database ${TEMPLATE}_making rename to ${TEMPLATE}`);
}

async function asOwner<T>(serverUrl: string, work: (client: Client) => Promise<T>): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function inDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

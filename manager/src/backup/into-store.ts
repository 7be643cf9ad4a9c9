import { DatabaseError } from 'pg';
import { connectDatabase } from '../db/index.ts';
import { BackupError } from './manifest.ts';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const ALREADY_THERE = '42P04';

/** A database that was made beside another one. */
export interface MadeDatabase {
  url: string;
  /** Takes it away again, unless it was there before. */
  undo: () => Promise<void>;
}

/**
 * Makes a database on the server of another one, unless it is there already, as after a try that was killed.
 * @param url of the other one, whose role may make databases
 * @throws BackupError when the name is none, or the role may not
 */
export async function makeDatabase(url: string, name: string): Promise<MadeDatabase> {
  if (!NAME.test(name)) throw new BackupError(`${name} is no name of a database (a-z, 0-9 and _)`);
  const isNew = await created(url, name);
  const made = new URL(url);
  made.pathname = `/${name}`;
  return {
    url: made.href,
    undo: async () => {
      if (isNew) await run(url, `drop database if exists "${name}" with (force)`);
    },
  };
}

async function created(url: string, name: string): Promise<boolean> {
  try {
    await run(url, `create database "${name}"`);
    return true;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    if (error.code === ALREADY_THERE) return false;
    throw new BackupError(`the database ${name} cannot be made: ${error.message}`, { cause: error });
  }
}

async function run(url: string, sql: string): Promise<void> {
  const connection = connectDatabase(url, 1);
  try {
    await connection.pool.query(sql);
  } finally {
    await connection.close();
  }
}

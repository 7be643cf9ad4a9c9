import { sql } from 'kysely';
import type { Db } from '../db/index.ts';

export interface LoginRow {
  loginId: number;
  name: string;
  role: 'administrator';
  passwordHash: string;
  account: AccountRow;
}

export interface AccountRow {
  id: number;
  slug: string;
  name: string;
  zone: string;
}

export async function findLogin(db: Db, account: string, login: string): Promise<LoginRow | undefined> {
  const row = await withAccount(db)
    .select('login.password_hash')
    .where('account.slug', '=', account)
    .where('login.name', '=', login)
    .executeTakeFirst();
  return row === undefined ? undefined : { ...loginOf(row), passwordHash: row.password_hash };
}

export interface SessionLife {
  tokenHash: Buffer;
  now: Date;
  /** Sessions not used since then are over. */
  idleSince: Date;
}

/** The login of a session that is neither over nor idle for too long. Marks it as used, at most once a minute. */
export async function useSession(
  db: Db,
  { tokenHash, now, idleSince }: SessionLife,
): Promise<Omit<LoginRow, 'passwordHash'> | undefined> {
  const row = await withAccount(db)
    .innerJoin('login_session', 'login_session.login_id', 'login.id')
    .select('login_session.last_seen_at')
    .where('login_session.token_hash', '=', tokenHash)
    .where('login_session.expires_at', '>', now)
    .where('login_session.last_seen_at', '>', idleSince)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (now.getTime() - row.last_seen_at.getTime() > 60_000) {
    await db
      .updateTable('login_session')
      .set({ last_seen_at: now })
      .where('token_hash', '=', tokenHash)
      .execute();
  }
  return loginOf(row);
}

export async function addSession(
  db: Db,
  session: { tokenHash: Buffer; loginId: number; now: Date; expiresAt: Date },
): Promise<void> {
  await db
    .insertInto('login_session')
    .values({
      token_hash: session.tokenHash,
      login_id: session.loginId,
      created_at: session.now,
      last_seen_at: session.now,
      expires_at: session.expiresAt,
    })
    .execute();
  await db
    .deleteFrom('login_session')
    .where('login_id', '=', session.loginId)
    .where('expires_at', '<', session.now)
    .execute();
}

export async function removeSession(db: Db, tokenHash: Buffer): Promise<void> {
  await db.deleteFrom('login_session').where('token_hash', '=', tokenHash).execute();
}

export interface FirstStart {
  slug: string;
  name: string;
  zone: string;
  hashKey: string;
}

/** Makes the default account unless it is there. Safe for two Managers that start at once. */
export async function ensureAccount(db: Db, account: FirstStart): Promise<number> {
  await db
    .insertInto('account')
    .values({
      slug: account.slug,
      name: account.name,
      time_zone: account.zone,
      hash_key: account.hashKey,
    })
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .execute();
  const { id } = await db
    .selectFrom('account')
    .select('id')
    .where('slug', '=', account.slug)
    .executeTakeFirstOrThrow();
  return id;
}

export async function accountOfSlug(db: Db, slug: string): Promise<{ id: number } | undefined> {
  return db.selectFrom('account').select('id').where('slug', '=', slug).executeTakeFirst();
}

export async function hasLogins(db: Db, accountId: number): Promise<boolean> {
  const row = await db
    .selectFrom('login')
    .select('id')
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row !== undefined;
}

/** @returns false when a login of that name was there already */
export async function addLogin(
  db: Db,
  login: { accountId: number; name: string; passwordHash: string },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('login')
    .values({ account_id: login.accountId, name: login.name, password_hash: login.passwordHash })
    .onConflict((conflict) => conflict.columns(['account_id', 'name']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** True when the database answers. */
export async function answers(db: Db): Promise<boolean> {
  await sql`select 1`.execute(db);
  return true;
}

function withAccount(db: Db) {
  return db
    .selectFrom('login')
    .innerJoin('account', 'account.id', 'login.account_id')
    .select([
      'login.id as login_id',
      'login.name as login_name',
      'login.role',
      'account.id as account_id',
      'account.slug',
      'account.name as account_name',
      'account.time_zone',
    ]);
}

function loginOf(row: {
  login_id: number;
  login_name: string;
  role: 'administrator';
  account_id: number;
  slug: string;
  account_name: string;
  time_zone: string;
}): Omit<LoginRow, 'passwordHash'> {
  return {
    loginId: row.login_id,
    name: row.login_name,
    role: row.role,
    account: { id: row.account_id, slug: row.slug, name: row.account_name, zone: row.time_zone },
  };
}

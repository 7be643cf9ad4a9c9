import { sql, type Kysely } from 'kysely';

export const breaking = false;

/** What custom resources declare, and which application belongs to one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table declared (
      id int generated always as identity primary key,
      account_id int not null references account(id),
      cluster text not null,
      kind text not null,
      namespace text not null,
      name text not null,
      -- The fence: an old writer has an older resource or an older generation of it.
      uid text not null,
      made_at timestamptz not null,
      generation bigint not null,
      spec jsonb not null,
      changed_at timestamptz not null,
      -- Kept for a week, so that a resource that comes back finds what it had.
      deleted_at timestamptz,
      unique (account_id, cluster, kind, namespace, name)
    )`.execute(db);
  await sql`create index on declared (deleted_at) where deleted_at is not null`.execute(db);
  await sql`alter table application add column declared_id int references declared(id) on delete set null`.execute(
    db,
  );
  await sql`create unique index on application (declared_id) where declared_id is not null`.execute(db);
}

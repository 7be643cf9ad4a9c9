import { sql, type Kysely } from 'kysely';

/** A breaking migration makes older binaries refuse to run on the newer schema. */
export const breaking = false;

/**
 * The chain: accounts, access, agents, applications, recorded data, completeness, roll-up.
 * Recorded data, dimensions and roll-ups carry the account from the first migration on (architecture.md).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await access(db);
  await agents(db);
  await recorded(db);
  await openStretches(db);
  await completeness(db);
  await rollup(db);
}

async function access(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table account (
      id int generated always as identity primary key,
      slug text not null unique,
      name text not null,
      time_zone text not null default 'UTC',
      config_revision int not null default 1,
      hash_key text not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table login (
      id int generated always as identity primary key,
      account_id int not null references account,
      name text not null,
      password_hash text not null,
      role text not null default 'administrator' check (role in ('administrator')),
      created_at timestamptz not null default now(),
      unique (account_id, name)
    )`.execute(db);
  // Only a hash of the cookie is kept: a copy of this table signs nobody in.
  await sql`
    create table login_session (
      token_hash bytea primary key,
      login_id int not null references login on delete cascade,
      created_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now(),
      expires_at timestamptz not null
    )`.execute(db);
  await sql`create index on login_session (login_id)`.execute(db);
}

async function agents(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table agent (
      id int generated always as identity primary key,
      external_id text not null unique,
      account_id int not null references account,
      public_key text not null unique,
      computer text not null,
      machine text not null,
      user_name text not null,
      desktop text not null,
      platform text not null,
      version text not null,
      enrolled_at timestamptz not null default now(),
      revoked_at timestamptz,
      last_seen_at timestamptz,
      phase text not null default 'never' check (phase in ('never', 'running', 'leaving')),
      applied_revision int,
      waiting int,
      oldest_waiting timestamptz,
      credentials_expire_at timestamptz
    )`.execute(db);
  await sql`create index on agent (account_id, computer)`.execute(db);
  await sql`
    create table enrolment_token (
      token_hash bytea primary key,
      account_id int not null references account,
      label text not null,
      created_by int references login on delete set null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      used_at timestamptz,
      agent_id int references agent
    )`.execute(db);
  await sql`
    create table application (
      id int generated always as identity primary key,
      account_id int not null references account,
      slug text not null,
      name text not null,
      rules jsonb not null,
      inactive_after_ms int not null,
      timeout_after_ms int not null,
      count_busy_as_active boolean not null,
      busy_cpu_share double precision not null,
      title_privacy text not null,
      path_privacy text not null,
      revision int not null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      deleted_at timestamptz,
      unique (account_id, slug)
    )`.execute(db);
  // What was in force when: a session names its revision, Session Detail shows the rules of that day.
  await sql`
    create table application_history (
      application_id int not null references application,
      revision int not null,
      settings jsonb not null,
      valid_from timestamptz not null default now(),
      primary key (application_id, revision)
    )`.execute(db);
}

async function recorded(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table session (
      account_id int not null,
      agent_id int not null,
      id bigint not null,
      application_id int not null,
      user_name text not null,
      computer text not null,
      desktop text not null,
      executable text not null,
      pid int not null,
      started timestamptz not null,
      ended timestamptz,
      end_cause smallint,
      revision int not null,
      primary key (agent_id, id)
    )`.execute(db);
  await sql`create index on session (account_id, started)`.execute(db);
  await sql`create index on session (application_id, started)`.execute(db);
  await sql`create index on session (account_id) where ended is null`.execute(db);
  await sql`
    create table document (
      account_id int not null,
      agent_id int not null,
      session_id bigint not null,
      id bigint not null,
      name text not null,
      path text not null,
      source text not null,
      confidence smallint not null,
      opened timestamptz not null,
      closed timestamptz,
      close_cause smallint,
      primary key (agent_id, id)
    )`.execute(db);
  await sql`create index on document (agent_id, session_id)`.execute(db);
  // The bulk. No primary key: (agent, epoch, seq) is made unique by agent_range in the same transaction, which costs
  // half of what a key costs. Fixed-width columns, 8-byte ones first, so that COPY rows have one length.
  await sql`
    create table segment (
      session_id bigint not null,
      document_id bigint not null,
      started timestamptz not null,
      ended timestamptz not null,
      epoch bigint not null,
      seq bigint not null,
      account_id int not null,
      application_id int not null,
      agent_id int not null,
      state smallint not null,
      cause smallint not null,
      flags smallint not null
    ) partition by range (started)`.execute(db);
  await sql`create table segment_default partition of segment default`.execute(db);
  await sql`create index on segment (application_id, started)`.execute(db);
  await sql`
    create index segment_long on segment (application_id, started)
      where ended - started > interval '15 minutes'`.execute(db);
  await sql`create index on segment (agent_id, session_id, started)`.execute(db);
  await sql`create index on segment using brin (started)`.execute(db);
  await sql`
    create table agent_range (
      agent_id int not null,
      epoch bigint not null,
      seen int8multirange not null,
      primary key (agent_id, epoch)
    ) with (fillfactor = 70)`.execute(db);
  // Live state, newest (epoch, rev) wins; written by ingest only.
  await sql`
    create table open_snapshot (
      agent_id int primary key,
      account_id int not null,
      epoch bigint not null,
      rev bigint not null,
      as_of timestamptz not null,
      watched_from timestamptz
    ) with (fillfactor = 70)`.execute(db);
  await sql`
    create table open_document (
      agent_id int not null references open_snapshot on delete cascade,
      document_id bigint not null,
      session_id bigint not null,
      account_id int not null,
      application_id int not null,
      state smallint not null,
      cause smallint not null,
      flags smallint not null,
      since timestamptz not null,
      held_state smallint,
      held_cause smallint,
      held_flags smallint,
      held_since timestamptz,
      primary key (agent_id, document_id)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index on open_document (account_id, application_id)`.execute(db);
}

/**
 * Everything that is open, as stretches up to the last news of the agent: what reports of "until now" add to the segments.
 * A stretch for which a closed segment of the same document has come is old news, overtaken by the records.
 */
async function openStretches(db: Kysely<unknown>): Promise<void> {
  await sql`
    create view open_stretch as
    with stretch as (
      select d.agent_id, d.account_id, d.application_id, d.session_id, d.document_id, d.state, d.cause, d.flags,
        d.since as started, greatest(o.as_of, d.since) as ended, true as running
      from open_document d join open_snapshot o using (agent_id)
      union all
      select agent_id, account_id, application_id, session_id, document_id, held_state, held_cause, held_flags,
        held_since, since, false
      from open_document where held_since is not null
    )
    select * from stretch t
    where not exists (select from segment g where g.agent_id = t.agent_id and g.session_id = t.session_id
      and g.document_id = t.document_id and g.started >= t.started)`.execute(db);
}

async function completeness(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table coverage (
      account_id int not null,
      agent_id int not null,
      from_at timestamptz not null,
      to_at timestamptz not null,
      cause smallint not null
    )`.execute(db);
  await sql`create index on coverage (account_id, from_at)`.execute(db);
  await sql`create index on coverage (agent_id, from_at)`.execute(db);
  await sql`
    create table capability (
      account_id int not null,
      agent_id int not null,
      at timestamptz not null,
      input text not null,
      "window" text not null,
      documents text not null,
      desktop text not null,
      reason text not null,
      primary key (agent_id, at)
    )`.execute(db);
  await sql`
    create table record_gap (
      account_id int not null,
      agent_id int not null,
      from_at timestamptz not null,
      to_at timestamptz not null,
      lost bigint not null,
      reason text not null
    )`.execute(db);
  await sql`create index on record_gap (account_id, from_at)`.execute(db);
  await sql`
    create table dead_letter (
      id bigint generated always as identity primary key,
      received_at timestamptz not null default now(),
      account_id int,
      agent_id int,
      subject text not null,
      stream_seq bigint,
      stream_at timestamptz,
      code text not null,
      reason text not null,
      headers jsonb not null,
      body bytea not null,
      replayed_at timestamptz
    )`.execute(db);
  await sql`create index on dead_letter (account_id, received_at)`.execute(db);
  // A message that is delivered again after a crash is kept once.
  await sql`create unique index on dead_letter (stream_seq, stream_at)`.execute(db);
}

async function rollup(db: Kysely<unknown>): Promise<void> {
  // Append-only log of (application, quarter-hour): a keyed queue loses updates (ingest.md §14, reproduced).
  // q is the number of the quarter-hour since 1970 UTC.
  await sql`create table dirty_log (application_id int not null, q int not null)`.execute(db);
  await sql`
    create table rollup_quarter (
      account_id int not null,
      application_id int not null,
      q timestamptz not null,
      ms_active bigint not null,
      ms_inactive bigint not null,
      ms_timeout bigint not null,
      peak_open int not null,
      peak_active int not null,
      peak_inactive int not null,
      peak_timeout int not null,
      sessions int not null,
      starts int not null,
      minutes bytea not null,
      peak_at timestamptz,
      peak_ms int not null default 0,
      primary key (account_id, application_id, q)
    ) partition by range (q)`.execute(db);
  await sql`
    create table rollup_quarter_default partition of rollup_quarter default
      with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`.execute(db);
}

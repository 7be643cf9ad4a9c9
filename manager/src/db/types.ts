import type { ColumnType, Generated } from 'kysely';

/** Tables as `manager/migrations` make them. int8 columns are read as strings, written as strings or bigints. */
type Int8 = ColumnType<string, string | bigint | number, string | bigint | number>;
type Instant = ColumnType<Date, Date | string, Date | string>;
type OptionalInstant = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
type DefaultInstant = ColumnType<Date, Date | string | undefined, Date | string>;
type Json = ColumnType<unknown, string, string>;

export interface Database {
  account: {
    id: Generated<number>;
    slug: string;
    name: string;
    time_zone: Generated<string>;
    config_revision: Generated<number>;
    hash_key: string;
    created_at: DefaultInstant;
  };
  login: {
    id: Generated<number>;
    account_id: number;
    name: string;
    password_hash: string;
    role: Generated<'administrator'>;
    created_at: DefaultInstant;
  };
  login_session: {
    token_hash: Buffer;
    login_id: number;
    created_at: DefaultInstant;
    last_seen_at: DefaultInstant;
    expires_at: Instant;
  };
  agent: {
    id: Generated<number>;
    external_id: string;
    account_id: number;
    public_key: string;
    computer: string;
    machine: string;
    user_name: string;
    desktop: string;
    platform: string;
    version: string;
    enrolled_at: DefaultInstant;
    revoked_at: OptionalInstant;
    last_seen_at: OptionalInstant;
    phase: Generated<'never' | 'running' | 'leaving'>;
    applied_revision: number | null;
    waiting: number | null;
    oldest_waiting: OptionalInstant;
    credentials_expire_at: OptionalInstant;
    trouble: Generated<string>;
    cloned_at: OptionalInstant;
  };
  enrolment_token: {
    token_hash: Buffer;
    account_id: number;
    label: string;
    created_by: number | null;
    created_at: DefaultInstant;
    expires_at: Instant;
    used_at: OptionalInstant;
    agent_id: number | null;
  };
  application: {
    id: Generated<number>;
    account_id: number;
    slug: string;
    name: string;
    rules: Json;
    inactive_after_ms: number;
    timeout_after_ms: number;
    count_busy_as_active: boolean;
    busy_cpu_share: number;
    title_privacy: string;
    path_privacy: string;
    revision: number;
    created_at: DefaultInstant;
    updated_at: DefaultInstant;
    deleted_at: OptionalInstant;
    declared_id: ColumnType<number | null, number | null | undefined, number | null>;
  };
  declared: {
    id: Generated<number>;
    account_id: number;
    cluster: string;
    kind: string;
    namespace: string;
    name: string;
    uid: string;
    made_at: Instant;
    generation: Int8;
    spec: Json;
    changed_at: Instant;
    deleted_at: OptionalInstant;
  };
  application_history: {
    application_id: number;
    revision: number;
    settings: Json;
    valid_from: DefaultInstant;
  };
  session: {
    account_id: number;
    agent_id: number;
    id: Int8;
    application_id: number;
    user_name: string;
    computer: string;
    desktop: string;
    executable: string;
    pid: number;
    started: Instant;
    ended: OptionalInstant;
    end_cause: number | null;
    revision: number;
    /** Null while the times are not known: open, or not computed since its last record. */
    kept_active_ms: number | null | undefined;
    kept_inactive_ms: number | null | undefined;
    kept_timeout_ms: number | null | undefined;
  };
  document: {
    account_id: number;
    agent_id: number;
    session_id: Int8;
    id: Int8;
    name: string;
    path: string;
    source: string;
    confidence: number;
    opened: Instant;
    closed: OptionalInstant;
    close_cause: number | null;
  };
  segment: {
    session_id: Int8;
    document_id: Int8;
    started: Instant;
    ended: Instant;
    epoch: Int8;
    seq: Int8;
    account_id: number;
    application_id: number;
    agent_id: number;
    state: number;
    cause: number;
    flags: number;
  };
  agent_range: { agent_id: number; epoch: Int8; seen: string; missing: Generated<string> };
  open_snapshot: {
    agent_id: number;
    account_id: number;
    epoch: Int8;
    rev: Int8;
    as_of: Instant;
    watched_from: OptionalInstant;
  };
  open_document: {
    agent_id: number;
    document_id: Int8;
    session_id: Int8;
    account_id: number;
    application_id: number;
    state: number;
    cause: number;
    flags: number;
    since: Instant;
    held_state: number | null;
    held_cause: number | null;
    held_flags: number | null;
    held_since: OptionalInstant;
    server_closed: Generated<boolean>;
  };
  server_closing: { agent_id: number; closed_at: OptionalInstant; reopened_at: OptionalInstant };
  coverage: { account_id: number; agent_id: number; from_at: Instant; to_at: Instant; cause: number };
  coverage_log: { account_id: number; agent_id: number; from_at: Instant; to_at: Instant; cause: number };
  coverage_quarter: { account_id: number; q: number; covered_ms: Int8 };
  coverage_agent_day: {
    account_id: number;
    day: ColumnType<Date, string, string>;
    agent_id: number;
    covered_ms: Int8;
  };
  coverage_break: { agent_id: number; at: Instant; account_id: number; resumed_at: OptionalInstant };
  capability: {
    account_id: number;
    agent_id: number;
    at: Instant;
    input: string;
    window: string;
    documents: string;
    desktop: string;
    reason: string;
  };
  record_gap: {
    account_id: number;
    agent_id: number;
    from_at: Instant;
    to_at: Instant;
    lost: Int8;
    reason: string;
    epoch: Int8 | null;
    missing: string | null;
  };
  dead_letter: {
    id: Generated<string>;
    received_at: DefaultInstant;
    account_id: number | null;
    agent_id: number | null;
    subject: string;
    stream_seq: ColumnType<string | null, string | number | null | undefined, string | null>;
    stream_at: OptionalInstant;
    code: string;
    reason: string;
    headers: Json;
    body: Buffer;
    replayed_at: OptionalInstant;
    attempts: Generated<number>;
    tried_at: OptionalInstant;
  };
  dead_letter_dropped: { account_id: number; code: string; letters: Int8; last_at: Instant };
  dirty_log: { application_id: number; q: number };
  rollup_quarter: {
    account_id: number;
    application_id: number;
    q: Instant;
    ms_active: Int8;
    ms_inactive: Int8;
    ms_timeout: Int8;
    peak_open: number;
    peak_active: number;
    peak_inactive: number;
    peak_timeout: number;
    sessions: number;
    starts: number;
    minutes: Buffer;
    peak_at: OptionalInstant;
    peak_ms: Generated<number>;
    minute_ms: Buffer | null;
  };
  attempt_count: { bucket: string; key: Buffer; since: Instant; n: number };
}

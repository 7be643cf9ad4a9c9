import {
  AppError,
  applicationSchema,
  type Application,
  type ApplicationDetail,
  type ApplicationSettings,
  type Rollout,
} from '@process-meter/contract';
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../db/index.ts';
import { freeSlug, slugOf } from './slug.ts';

const DAY_MS = 86_400_000;

export async function listApplications(db: Db, account: number, now: number): Promise<Application[]> {
  return readApplications(db, account, { now });
}

/** @throws AppError PM-4004 */
export async function getApplication(
  db: Db,
  account: number,
  { slug, now }: { slug: string; now: number },
): Promise<Application> {
  const [found] = await readApplications(db, account, { now, slug });
  if (found === undefined) throw new AppError('notFound', 'There is no such application.');
  return found;
}

async function readApplications(
  db: Db,
  account: number,
  { now, slug }: { now: number; slug?: string },
): Promise<Application[]> {
  const dayAgo = new Date(now - DAY_MS);
  const { rows } = await sql<ApplicationRow>`
    select a.*, d.namespace as declared_in, d.name as declared_as,
      (select count(distinct (d.agent_id, d.session_id)) from open_document d
        where d.account_id = a.account_id and d.application_id = a.id and not d.server_closed)::int as open_now,
      (select count(*) from session s where s.application_id = a.id and s.account_id = a.account_id
        and s.started >= ${dayAgo})::int as sessions_today
    from application a left join declared d on d.id = a.declared_id
    where a.account_id = ${account} and a.deleted_at is null
      ${slug === undefined ? sql`` : sql`and a.slug = ${slug}`}
    order by lower(a.name), a.id`.execute(db);
  return rows.map((row) =>
    applicationSchema.parse({
      id: row.id,
      slug: row.slug,
      name: row.name,
      rules: row.rules,
      revision: row.revision,
      inactiveAfterMs: row.inactive_after_ms,
      timeoutAfterMs: row.timeout_after_ms,
      countBusyAsActive: row.count_busy_as_active,
      busyCpuShare: row.busy_cpu_share,
      titlePrivacy: row.title_privacy,
      pathPrivacy: row.path_privacy,
      createdAt: row.created_at.getTime(),
      updatedAt: row.updated_at.getTime(),
      openNow: row.open_now,
      sessionsToday: row.sessions_today,
      origin: row.declared_as === null ? null : { namespace: row.declared_in ?? '', name: row.declared_as },
    }),
  );
}

interface ApplicationRow {
  id: number;
  slug: string;
  name: string;
  rules: unknown;
  revision: number;
  inactive_after_ms: number;
  timeout_after_ms: number;
  count_busy_as_active: boolean;
  busy_cpu_share: number;
  title_privacy: string;
  path_privacy: string;
  created_at: Date;
  updated_at: Date;
  open_now: number;
  sessions_today: number;
  declared_in: string | null;
  declared_as: string | null;
}

/** @returns the slug it got @throws AppError PM-4009 when the account has one of that name */
export async function addApplication(
  db: Db,
  account: number,
  change: { settings: ApplicationSettings; now: number },
): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const revision = await nextRevision(tx, account);
    await refuseSameName(tx, account, { name: change.settings.name });
    return insertApplication(tx, account, { ...change, revision });
  });
}

/** @returns its slug */
export async function insertApplication(
  tx: Transaction<Database>,
  account: number,
  made: { settings: ApplicationSettings; revision: number; declaredId?: number; now: number },
): Promise<string> {
  const { settings, revision, declaredId = null } = made;
  const taken = await tx.selectFrom('application').select('slug').where('account_id', '=', account).execute();
  const slug = freeSlug(slugOf(settings.name), new Set(taken.map((row) => row.slug)));
  const at = new Date(made.now);
  const { id } = await tx
    .insertInto('application')
    .values({
      account_id: account,
      slug,
      ...columns(settings),
      declared_id: declaredId,
      revision,
      created_at: at,
      updated_at: at,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await remember(tx, { id, revision, at }, settings);
  return slug;
}

export interface ApplicationChange {
  slug: string;
  settings: ApplicationSettings;
  /** The revision the caller saw. */
  readAt: number;
  now: number;
}

/** @throws AppError PM-4004 unknown, PM-4009 changed since it was read, or the name is taken, PM-4010 a resource owns it */
export async function changeApplication(db: Db, account: number, change: ApplicationChange): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const revision = await nextRevision(tx, account);
    const found = await tx
      .selectFrom('application')
      .select(['id', 'revision', 'declared_id'])
      .where('account_id', '=', account)
      .where('slug', '=', change.slug)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    if (found === undefined) throw new AppError('notFound', 'There is no such application.');
    if (found.declared_id !== null) throw new AppError('declaredElsewhere');
    if (found.revision !== change.readAt) throw new AppError('conflict');
    await refuseSameName(tx, account, { name: change.settings.name, but: found.id });
    const at = new Date(change.now);
    await tx
      .updateTable('application')
      .set({ ...columns(change.settings), revision, updated_at: at })
      .where('id', '=', found.id)
      .execute();
    await remember(tx, { id: found.id, revision, at }, change.settings);
  });
}

/** Ends its monitoring. What was recorded stays, and reports of that time keep it. @throws AppError PM-4004, PM-4010 */
export async function removeApplication(
  db: Db,
  account: number,
  { slug, now }: { slug: string; now: number },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const revision = await nextRevision(tx, account);
    const found = await tx
      .selectFrom('application')
      .select(['id', 'declared_id'])
      .where('account_id', '=', account)
      .where('slug', '=', slug)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    if (found === undefined) throw new AppError('notFound', 'There is no such application.');
    if (found.declared_id !== null) throw new AppError('declaredElsewhere');
    await endApplication(tx, { id: found.id, revision, at: new Date(now) });
  });
}

export async function endApplication(
  tx: Transaction<Database>,
  end: { id: number; revision: number; at: Date },
): Promise<void> {
  await tx
    .updateTable('application')
    .set({ deleted_at: end.at, updated_at: end.at, revision: end.revision })
    .where('id', '=', end.id)
    .execute();
  await rememberEnd(tx, end);
}

/** Who has which revision of the account's configuration. Revoked agents do not count. */
export async function rollout(db: Db, account: number): Promise<Rollout> {
  const { config_revision: wanted } = await db
    .selectFrom('account')
    .select('config_revision')
    .where('id', '=', account)
    .executeTakeFirstOrThrow();
  const rows = await db
    .selectFrom('agent')
    .select(['applied_revision as revision', (count) => count.fn.countAll<string>().as('agents')])
    .where('account_id', '=', account)
    .where('revoked_at', 'is', null)
    .groupBy('applied_revision')
    .orderBy('applied_revision', (order) => order.desc().nullsLast())
    .execute();
  return {
    wanted,
    applied: rows.map((row) => ({ revision: row.revision, agents: Number(row.agents) })),
  };
}

/** An agent has an application's present settings when it applied the revision of its last change or a later one. */
export async function agentsWithRevision(
  db: Db,
  account: number,
  revision: number,
): Promise<ApplicationDetail['agents']> {
  const rows = await db
    .selectFrom('agent')
    .select(['external_id', 'computer', 'applied_revision'])
    .where('account_id', '=', account)
    .where('revoked_at', 'is', null)
    .orderBy('computer')
    .limit(10_000)
    .execute();
  return rows.map((row) => ({
    id: row.external_id,
    computer: row.computer,
    appliedRevision: row.applied_revision,
    hasIt: (row.applied_revision ?? -1) >= revision,
  }));
}

/** Raises the account's revision; its row lock makes changes of one account go one after the other. */
export async function nextRevision(tx: Transaction<Database>, account: number): Promise<number> {
  const { config_revision: revision } = await tx
    .updateTable('account')
    .set((update) => ({ config_revision: update('config_revision', '+', 1) }))
    .where('id', '=', account)
    .returning('config_revision')
    .executeTakeFirstOrThrow();
  return revision;
}

export async function refuseSameName(
  tx: Transaction<Database>,
  account: number,
  { name, but = 0 }: { name: string; but?: number },
): Promise<void> {
  const same = await tx
    .selectFrom('application')
    .select('id')
    .where('account_id', '=', account)
    .where('deleted_at', 'is', null)
    .where('id', '!=', but)
    .where(sql`lower(name)`, '=', name.toLowerCase())
    .executeTakeFirst();
  if (same !== undefined) throw new AppError('conflict', 'There is an application of that name.');
}

export async function remember(
  tx: Transaction<Database>,
  { id, revision, at }: { id: number; revision: number; at: Date },
  settings: ApplicationSettings,
): Promise<void> {
  await tx
    .insertInto('application_history')
    .values({ application_id: id, revision, settings: JSON.stringify(settings), valid_from: at })
    .execute();
}

/** The last row of the history: the settings that were in force until then, marked as over. */
async function rememberEnd(
  tx: Transaction<Database>,
  { id, revision, at }: { id: number; revision: number; at: Date },
): Promise<void> {
  await sql`
    insert into application_history (application_id, revision, settings, valid_from)
    select id, ${revision}, coalesce((select settings from application_history h where h.application_id = a.id
      order by h.revision desc limit 1), '{}') || '{"deleted": true}', ${at}
    from application a where id = ${id}`.execute(tx);
}

export function columns(settings: ApplicationSettings) {
  return {
    name: settings.name,
    rules: JSON.stringify(settings.rules),
    inactive_after_ms: settings.inactiveAfterMs,
    timeout_after_ms: settings.timeoutAfterMs,
    count_busy_as_active: settings.countBusyAsActive,
    busy_cpu_share: settings.busyCpuShare,
    title_privacy: settings.titlePrivacy,
    path_privacy: settings.pathPrivacy,
  };
}

import { AppError, type Declaration, type DeclaredKind } from '@process-meter/contract';
import { sql, type Transaction } from 'kysely';
import { declareApplication, undeclareApplication } from '../applications/index.ts';
import type { Database, Db } from '../db/index.ts';
import { settingsOf } from './settings.ts';
import type { CheckedSpec } from './specs.ts';

const TOMBSTONE_MS = 7 * 86_400_000;

/** Which resource of which cluster. */
export interface DeclaredKey {
  cluster: string;
  kind: DeclaredKind;
  namespace: string;
  name: string;
}

export interface DeclareChange {
  key: DeclaredKey;
  declaration: Pick<Declaration, 'uid' | 'createdAt' | 'generation'>;
  checked: CheckedSpec;
  now: number;
}

/**
 * Keeps what a resource declares and brings it into force.
 * @returns its id, and whether the configuration of agents changed
 * @throws AppError PM-4009 when what is kept is of a newer resource or generation, PM-4022 when it cannot be taken
 */
export async function declare(
  db: Db,
  account: number,
  change: DeclareChange,
): Promise<{ id: number; reconfigured: boolean }> {
  return db.transaction().execute(async (tx) => {
    const { declaration, checked, now } = change;
    const kept = await keptOrMade(tx, account, change);
    refuseOlder(kept, declaration);
    await tx
      .updateTable('declared')
      .set({
        uid: declaration.uid,
        made_at: new Date(declaration.createdAt),
        generation: declaration.generation,
        spec: JSON.stringify(checked.spec),
        changed_at: new Date(now),
        deleted_at: null,
      })
      .where('id', '=', kept.id)
      .execute();
    const { application } = checked;
    if (application === undefined) return { id: kept.id, reconfigured: false };
    const settings = settingsOf(application);
    const reconfigured = await declareApplication(tx, account, { declaredId: kept.id, settings, now });
    return { id: kept.id, reconfigured };
  });
}

interface Kept {
  id: number;
  uid: string;
  made_at: Date;
  generation: string;
  deleted_at: Date | null;
}

/** The row of the key, locked: declarations of one resource go one after the other. */
async function keptOrMade(tx: Transaction<Database>, account: number, change: DeclareChange): Promise<Kept> {
  await takeOver(tx, account, change);
  const { key, declaration, checked, now } = change;
  await tx
    .insertInto('declared')
    .values({
      account_id: account,
      ...key,
      uid: declaration.uid,
      made_at: new Date(declaration.createdAt),
      generation: declaration.generation,
      spec: JSON.stringify(checked.spec),
      changed_at: new Date(now),
    })
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'cluster', 'kind', 'namespace', 'name']).doNothing(),
    )
    .execute();
  const kept = await lockKept(tx, account, key);
  if (kept === undefined) throw new AppError('conflict', 'It was forgotten meanwhile.');
  return kept;
}

/**
 * The same resource of another cluster, as after a namespace was made anew or a database was restored elsewhere: the
 * one that was made later has its past and is the only one in force.
 * @throws AppError PM-4009 when that is the other one
 */
async function takeOver(
  tx: Transaction<Database>,
  account: number,
  { key, declaration }: DeclareChange,
): Promise<void> {
  const own = await lockKept(tx, account, key);
  if (own?.deleted_at === null) return;
  const other = await tx
    .selectFrom('declared')
    .select(['id', 'made_at'])
    .where('account_id', '=', account)
    .where('cluster', '<>', key.cluster)
    .where('kind', '=', key.kind)
    .where('namespace', '=', key.namespace)
    .where('name', '=', key.name)
    .where('deleted_at', 'is', null)
    .orderBy('made_at', 'desc')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
  if (other === undefined) return;
  if (other.made_at.getTime() > declaration.createdAt)
    throw new AppError('conflict', 'A resource of that name that was made later in another cluster is kept.');
  if (own !== undefined) await tx.deleteFrom('declared').where('id', '=', own.id).execute();
  await tx.updateTable('declared').set({ cluster: key.cluster }).where('id', '=', other.id).execute();
}

async function lockKept(
  tx: Transaction<Database>,
  account: number,
  { cluster, kind, namespace, name }: DeclaredKey,
): Promise<Kept | undefined> {
  return tx
    .selectFrom('declared')
    .select(['id', 'uid', 'made_at', 'generation', 'deleted_at'])
    .where('account_id', '=', account)
    .where('cluster', '=', cluster)
    .where('kind', '=', kind)
    .where('namespace', '=', namespace)
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst();
}

/** A resource that was deleted and made again has another uid and begins at generation 1 anew. */
function refuseOlder(kept: Kept, { uid, createdAt, generation }: DeclareChange['declaration']): void {
  if (kept.uid === uid) {
    if (BigInt(kept.generation) > BigInt(generation))
      throw new AppError('conflict', `Generation ${kept.generation} is kept, which is newer.`);
    return;
  }
  if (kept.made_at.getTime() > createdAt)
    throw new AppError('conflict', 'A resource of that name that was made later is kept.');
}

/**
 * Takes what a resource declared out of force. It is kept for seven days: when the resource comes back it has its
 * past again. Nothing happens when it is not there. @returns whether the configuration of agents changed
 * @throws AppError PM-4009 when another resource of that name took its place
 */
export async function undeclare(
  db: Db,
  account: number,
  { key, uid, now }: { key: DeclaredKey; uid: string; now: number },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await forgetOld(tx, now);
    const kept = await lockKept(tx, account, key);
    if (kept === undefined || kept.deleted_at !== null) return false;
    if (kept.uid !== uid) throw new AppError('conflict', 'Another resource of that name took its place.');
    await tx
      .updateTable('declared')
      .set({ deleted_at: new Date(now), changed_at: new Date(now) })
      .where('id', '=', kept.id)
      .execute();
    return undeclareApplication(tx, account, { declaredId: kept.id, now });
  });
}

async function forgetOld(tx: Transaction<Database>, now: number): Promise<void> {
  await tx
    .deleteFrom('declared')
    .where('deleted_at', '<', new Date(now - TOMBSTONE_MS))
    .execute();
}

export interface DeclaredRow {
  id: number;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  generation: number;
  spec: unknown;
}

export interface DeclaredPage {
  cluster: string;
  kind: DeclaredKind;
  after: number;
  limit: number;
}

/** What a cluster has declared of one kind, in the order of ids. */
export async function declaredPage(db: Db, account: number, page: DeclaredPage): Promise<DeclaredRow[]> {
  const rows = await inForce(db, account)
    .where('cluster', '=', page.cluster)
    .where('kind', '=', page.kind)
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(page.limit)
    .execute();
  return rows.map(rowOf);
}

/** @throws AppError PM-4004 */
export async function declaredById(db: Db, account: number, id: number): Promise<DeclaredRow> {
  const row = await inForce(db, account).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw new AppError('notFound');
  return rowOf(row);
}

function inForce(db: Db, account: number) {
  return db
    .selectFrom('declared')
    .select(['id', 'kind', 'namespace', 'name', 'uid', 'generation', 'spec'])
    .where('account_id', '=', account)
    .where('deleted_at', 'is', null);
}

function rowOf(row: Omit<DeclaredRow, 'generation'> & { generation: string }): DeclaredRow {
  return { ...row, generation: Number(row.generation) };
}

/** Of names `Kind/name` beside a resource (its cluster and namespace): those that are not declared. */
export async function missingNames(
  db: Db,
  account: number,
  wanted: { ids: readonly number[]; kinds: readonly string[]; names: readonly string[] },
): Promise<{ id: number; missing: string }[]> {
  if (wanted.ids.length === 0) return [];
  const { rows } = await sql<{ id: number; missing: string }>`
    select w.id, w.kind || '/' || w.name as missing
    from unnest(${wanted.ids}::int[], ${wanted.kinds}::text[], ${wanted.names}::text[]) with ordinality as w(id, kind, name, n)
    join declared d on d.id = w.id
    where not exists (select from declared o where o.account_id = ${account} and o.cluster = d.cluster
      and o.kind = w.kind and o.namespace = d.namespace and o.name = w.name and o.deleted_at is null)
    order by w.n`.execute(db);
  return rows;
}

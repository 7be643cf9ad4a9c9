import { AppError, type ApplicationSettings } from '@process-meter/contract';
import type { Transaction } from 'kysely';
import type { Database } from '../db/index.ts';
import {
  columns,
  endApplication,
  insertApplication,
  nextRevision,
  refuseSameName,
  remember,
} from './store.ts';

export interface DeclaredApplication {
  /** Row of `declared` that owns it. */
  declaredId: number;
  settings: ApplicationSettings;
  now: number;
}

/**
 * Makes the application of a resource what the resource says; one that was removed comes back with its address and
 * its past. @returns whether the account's configuration changed @throws AppError PM-4022 when the name is taken
 */
export async function declareApplication(
  tx: Transaction<Database>,
  account: number,
  { declaredId, settings, now }: DeclaredApplication,
): Promise<boolean> {
  const found = await tx
    .selectFrom('application')
    .selectAll()
    .where('account_id', '=', account)
    .where('declared_id', '=', declaredId)
    .executeTakeFirst();
  if (found !== undefined && found.deleted_at === null && isSame(found, settings)) return false;
  const revision = await nextRevision(tx, account);
  await refuseTakenName(tx, account, { name: settings.name, but: found?.id ?? 0 });
  if (found === undefined) {
    await insertApplication(tx, account, { settings, revision, declaredId, now });
    return true;
  }
  const at = new Date(now);
  await tx
    .updateTable('application')
    .set({ ...columns(settings), revision, updated_at: at, deleted_at: null })
    .where('id', '=', found.id)
    .execute();
  await remember(tx, { id: found.id, revision, at }, settings);
  return true;
}

/** Ends the monitoring of the application of a resource. @returns whether there was one */
export async function undeclareApplication(
  tx: Transaction<Database>,
  account: number,
  { declaredId, now }: { declaredId: number; now: number },
): Promise<boolean> {
  const found = await tx
    .selectFrom('application')
    .select('id')
    .where('account_id', '=', account)
    .where('declared_id', '=', declaredId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (found === undefined) return false;
  const revision = await nextRevision(tx, account);
  await endApplication(tx, { id: found.id, revision, at: new Date(now) });
  return true;
}

/** For a resource a name that is taken is no race but a mistake that a person must mend. */
async function refuseTakenName(
  tx: Transaction<Database>,
  account: number,
  wanted: { name: string; but: number },
): Promise<void> {
  try {
    await refuseSameName(tx, account, wanted);
  } catch (cause) {
    throw new AppError('declarationRefused', `There is another application of the name ${wanted.name}.`, {
      cause,
    });
  }
}

function isSame(row: Readonly<Record<string, unknown>>, settings: ApplicationSettings): boolean {
  const { rules, ...plain } = columns(settings);
  return (
    Object.entries(plain).every(([column, value]) => row[column] === value) &&
    JSON.stringify(sorted(row['rules'])) === JSON.stringify(sorted(JSON.parse(rules)))
  );
}

/** PostgreSQL keeps the keys of an object in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

import { licensePoolSpecSchema } from '@process-meter/crds';
import { declaredKindSchema, type Declared } from '@process-meter/contract';
import type { Db } from '../db/index.ts';
import { observeApplications, observePools, type CountedPool } from './observed-store.ts';
import { checkSpec } from './specs.ts';
import { missingNames, type DeclaredRow } from './store.ts';

/** Resources with what is observed of them, in as many statements for a thousand as for one. */
export async function answersOf(
  db: Db,
  account: number,
  { rows, now }: { rows: readonly DeclaredRow[]; now: number },
): Promise<Declared[]> {
  const known = rows.map((row) => ({ ...row, kind: declaredKindSchema.parse(row.kind) }));
  const ofKind = (kind: string): number[] => known.filter((row) => row.kind === kind).map(({ id }) => id);
  const applications = await observeApplications(db, account, { ids: ofKind('MonitoredApplication'), now });
  const pools = await observePools(db, account, { pools: known.flatMap(countedPool), now });
  const missing = Map.groupBy(await missingNames(db, account, namesOf(known)), ({ id }) => id);
  return known.map(({ spec: _spec, ...row }) => ({
    ...row,
    missing: (missing.get(row.id) ?? []).map((found) => found.missing),
    application: applications.get(row.id) ?? null,
    pool: pools.get(row.id) ?? null,
  }));
}

type KnownRow = Omit<DeclaredRow, 'kind'> & Pick<Declared, 'kind'>;

/** Only what is open at one time is counted by agents; people, computers and tokens are for reports. */
function countedPool({ id, kind, spec }: KnownRow): CountedPool[] {
  if (kind !== 'LicensePool') return [];
  const { metric, source, quantity, applications = [] } = licensePoolSpecSchema.parse(spec);
  if (metric !== 'Concurrent' || source !== 'Declared' || applications.length === 0) return [];
  return [{ id, quantity, applications: applications.map(({ name }) => name) }];
}

function namesOf(rows: readonly KnownRow[]): { ids: number[]; kinds: string[]; names: string[] } {
  const wanted = rows.flatMap(({ id, kind, spec }) =>
    checkSpec(kind, spec).names.map((named) => {
      const slash = named.indexOf('/');
      return { id, kind: named.slice(0, slash), name: named.slice(slash + 1) };
    }),
  );
  return {
    ids: wanted.map(({ id }) => id),
    kinds: wanted.map(({ kind }) => kind),
    names: wanted.map(({ name }) => name),
  };
}

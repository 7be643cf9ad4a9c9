import type { PoolClient } from 'pg';
import {
  fetchUse,
  QUARTER_MS,
  quarterOf,
  runsOf,
  sweepQuarters,
  type DirtyKey,
  type QuarterUse,
} from '../rollup/index.ts';
import {
  addOpen,
  instantsOf,
  ROLLUP_COLUMNS,
  useOf,
  type OpenRow,
  type RollupRow,
  type UseRange,
} from './store.ts';

export type AccountRange = Omit<UseRange, 'application'>;

/**
 * What `readUse` gives for each application of an account that was used in the range, in as many statements for hundreds
 * of applications as for one. To be called on one snapshot.
 */
export async function readUseOfAccount(
  client: PoolClient,
  range: AccountRange,
): Promise<Map<number, QuarterUse[]>> {
  const rows = await rolledUp(client, range);
  const open = await openStretches(client, range);
  const dirty = await dirtyKeys(client, range);
  const touched = keysOf([
    ...dirty,
    ...open.flatMap((row) => touchedBy(row, range)),
    ...rows.flatMap(staleKey),
  ]);
  const settled = rows.flatMap((row) =>
    row.minute_ms === null || touched.has(keyOf(row.application_id, quarterAt(row)))
      ? []
      : [{ application: row.application_id, use: useOf(row, quarterAt(row), row.minute_ms) }],
  );
  const fresh = await recompute(client, range, { keys: [...touched.values()], open });
  return byApplication([...settled, ...fresh]);
}

interface Found {
  application: number;
  use: QuarterUse;
}
type OpenOf = OpenRow & { application_id: number };
type RolledOf = RollupRow & { application_id: number };

const keyOf = (application: number, quarter: number): string => `${application} ${quarter}`;
const keysOf = (keys: readonly DirtyKey[]): Map<string, DirtyKey> =>
  new Map(keys.map((key) => [keyOf(key.application, key.quarter), key]));
const quarterAt = (row: RollupRow): number => row.q.getTime() / QUARTER_MS;

function staleKey(row: RolledOf): DirtyKey[] {
  return row.minute_ms === null ? [{ application: row.application_id, quarter: quarterAt(row) }] : [];
}

function touchedBy(row: OpenOf, { first, last }: AccountRange): DirtyKey[] {
  const from = Math.max(quarterOf(row.started.getTime()), first);
  const to = Math.min(quarterOf(row.ended.getTime() - 1), last);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => ({
    application: row.application_id,
    quarter: from + i,
  }));
}

async function recompute(
  client: PoolClient,
  { account }: AccountRange,
  { keys, open }: { keys: readonly DirtyKey[]; open: readonly OpenOf[] },
): Promise<Found[]> {
  if (keys.length === 0) return [];
  const runs = runsOf(keys, new Map(keys.map(({ application }) => [application, account])));
  const buffers = await fetchUse(client, runs);
  const openOf = Map.groupBy(open, (row) => row.application_id);
  return runs.flatMap((run, i) => {
    const buffer = buffers[i];
    if (buffer === undefined) return [];
    const { application } = run;
    addOpen(buffer, run, openOf.get(application) ?? []);
    return sweepQuarters(buffer, run.first, run.last).map((use) => ({ application, use }));
  });
}

function byApplication(found: readonly Found[]): Map<number, QuarterUse[]> {
  const groups = Map.groupBy(found, ({ application }) => application);
  return new Map(
    [...groups].map(([application, own]) => [
      application,
      own.map(({ use }) => use).toSorted((a, b) => a.quarter - b.quarter),
    ]),
  );
}

async function rolledUp(client: PoolClient, range: AccountRange): Promise<RolledOf[]> {
  const { rows } = await client.query<RolledOf>({
    name: 'quarters-of-account',
    // The roll-up is ordered by application: each is looked up by itself.
    text: `select p.id as application_id, r.* from application p, lateral (
       select ${ROLLUP_COLUMNS} from rollup_quarter
       where account_id = $1 and application_id = p.id and q >= $2 and q < $3) r
     where p.account_id = $1`,
    values: [range.account, ...instantsOf(range)],
  });
  return rows;
}

async function openStretches(client: PoolClient, range: AccountRange): Promise<OpenOf[]> {
  const [from, to] = instantsOf(range);
  const { rows } = await client.query<OpenOf>({
    name: 'open-stretches-of-account',
    text: `select application_id, agent_id, session_id, started, ended, state, flags from open_stretch
     where account_id = $1 and ended > started and started < $3 and ended > $2`,
    values: [range.account, from, to],
  });
  return rows;
}

async function dirtyKeys(client: PoolClient, range: AccountRange): Promise<DirtyKey[]> {
  const { rows } = await client.query<DirtyKey>({
    name: 'dirty-quarters-of-account',
    text: `select distinct l.application_id as application, l.q as quarter
     from dirty_log l join application p on p.id = l.application_id
     where p.account_id = $1 and l.q between $2 and $3`,
    values: [range.account, range.first, range.last],
  });
  return rows;
}

import type { Pool } from 'pg';
import { table } from '../stats.ts';

export interface TableSize {
  name: string;
  rows: number;
  heap: number;
  indexes: number;
}

/** Bytes of the tables that grow, with all their partitions. */
export async function bytesOf(pool: Pool): Promise<TableSize[]> {
  const names = ['segment', 'session', 'document', 'coverage', 'rollup_quarter'];
  const sizes: TableSize[] = [];
  for (const name of names) {
    const { rows } = await pool.query<{ heap: string; indexes: string; rows: string }>(
      `select sum(pg_table_size(relid)) as heap, sum(pg_indexes_size(relid)) as indexes,
         (select count(*) from ${name}) as rows
       from (select relid from pg_partition_tree($1) where isleaf union select $1::regclass) t`,
      [name],
    );
    const [row] = rows;
    sizes.push({ name, rows: Number(row?.rows), heap: Number(row?.heap), indexes: Number(row?.indexes) });
  }
  return sizes;
}

export const totalBytes = (sizes: readonly TableSize[]): number =>
  sizes.reduce((sum, { heap, indexes }) => sum + heap + indexes, 0);

export function sizeTable(sizes: readonly TableSize[]): string {
  const perRow = (bytes: number, rows: number): string => (rows === 0 ? '' : (bytes / rows).toFixed(1));
  return table(
    ['table', 'rows', 'B a row', 'B a row of indexes', 'MB'],
    sizes.map(({ name, rows, heap, indexes }) => [
      name,
      String(rows),
      perRow(heap, rows),
      perRow(indexes, rows),
      ((heap + indexes) / 1e6).toFixed(0),
    ]),
  );
}

import type { PoolClient } from 'pg';
import { BackupError, FORMAT, type Manifest, type TableShape } from './manifest.ts';

/** Written by the migrations themselves when they run. */
const MADE_BY_MIGRATIONS = ['kysely_migration', 'kysely_migration_lock', 'schema_breaking'];

interface TableRow {
  name: string;
  columns: string[];
  parent: string | null;
  bound: string | null;
  options: string[] | null;
}

// Unlogged tables hold what may be lost at any time. Generated columns are computed again.
const TABLES = `
  select c.relname::text as name, p.relname::text as parent, pg_get_expr(c.relpartbound, c.oid) as bound,
    c.reloptions as options,
    array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
      and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns
  from pg_class c
    left join pg_inherits i on i.inhrelid = c.oid and c.relispartition
    left join pg_class p on p.oid = i.inhparent
  where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relpersistence = 'p'
    and c.relname <> all($1)
  order by c.relname`;

const REFERENCES = `
  select distinct conrelid::regclass::text as "from", confrelid::regclass::text as "to" from pg_constraint
  where contype = 'f' and connamespace = current_schema()::regnamespace and conrelid <> confrelid`;

const SEQUENCES = `
  select sequencename::text as name, coalesce(last_value, start_value)::text as last,
    last_value is not null as called
  from pg_sequences where schemaname = current_schema() order by sequencename`;

/** Describes the database as the transaction of the client sees it. Bounds of partitions are told in UTC. */
export async function readShape(client: PoolClient): Promise<Manifest> {
  await client.query(`set local timezone = 'UTC'`);
  const { rows: tables } = await client.query<TableRow>(TABLES, [MADE_BY_MIGRATIONS]);
  const { rows: references } = await client.query<Reference>(REFERENCES);
  const { rows: sequences } = await client.query<Manifest['sequences'][number]>(SEQUENCES);
  const { rows: migrations } = await client.query<{ name: string }>(
    'select name from kysely_migration order by name',
  );
  const { rows: server } = await client.query<{ now: Date; version: string }>(
    `select now(), current_setting('server_version_num') as version`,
  );
  return {
    format: FORMAT,
    asOf: (server[0]?.now ?? new Date(0)).toISOString(),
    postgres: Number(server[0]?.version),
    migrations: migrations.map(({ name }) => name),
    tables: inOrder(tables.map(shapeOf), references),
    sequences,
  };
}

function shapeOf({ name, columns, parent, bound, options }: TableRow): TableShape {
  const partition = parent === null ? null : { of: parent, bound: bound ?? '', options: options ?? [] };
  return { name, columns, partition };
}

interface Reference {
  from: string;
  to: string;
}

/** What others refer to first: rows can then be brought in one table after the other. */
function inOrder(tables: readonly TableShape[], references: readonly Reference[]): TableShape[] {
  const waiting = new Map(tables.map((table) => [table.name, table]));
  const done: TableShape[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter(
      ({ name }) => !references.some(({ from, to }) => from === name && waiting.has(to)),
    );
    if (ready.length === 0)
      throw new BackupError(`tables refer to each other: ${[...waiting.keys()].join(', ')}`);
    for (const table of ready) waiting.delete(table.name);
    done.push(...ready);
  }
  return done;
}

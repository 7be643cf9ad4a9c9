import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { processorSeconds } from '../processor-time.ts';
import type { Servers } from '../servers.ts';

const runFile = promisify(execFile);

/** A bare `psql \copy` of the rows into a table with the columns and partitions of the product's. */
export interface Reference {
  name: string;
  format: 'text' | 'binary';
  /** Primary key (agent, epoch, seq, started): what keeps doubles out without our fence. */
  key: boolean;
  /** All further indexes of the product's table. */
  indexes: boolean;
}

export class References {
  readonly #servers: Servers;
  #rows = 0;

  constructor(servers: Servers) {
    this.#servers = servers;
  }

  /** Writes the rows that are in the table now into files, text and binary. */
  async dump(): Promise<void> {
    for (const format of ['text', 'binary'])
      await this.#psql(`\\copy (select * from segment) to '${this.#file(format)}' (format ${format})`);
    const { rows } = await this.#servers.pool.query<{ n: string }>('select count(*) as n from segment');
    this.#rows = Number(rows[0]?.n);
  }

  async run(reference: Reference): Promise<{ rate: number; cost: readonly [number, number, number] }> {
    const { pool, postgres } = this.#servers;
    await this.#makeTable(reference);
    await pool.query('checkpoint');
    const before = processorSeconds(postgres.pid);
    const own = process.cpuUsage();
    const client = processorSeconds(process.pid);
    const began = performance.now();
    await this.#psql(`\\copy reference from '${this.#file(reference.format)}' (format ${reference.format})`);
    const seconds = (performance.now() - began) / 1000;
    const server = processorSeconds(postgres.pid) - before;
    // psql is a child that was waited for: its time is that of our tree without the server's and our own.
    const used = process.cpuUsage(own);
    const tree = processorSeconds(process.pid) - client;
    const psql = Math.max(0, tree - server - (used.user + used.system) / 1e6);
    await pool.query('drop table reference');
    const perRow = (value: number): number => (value * 1e6) / this.#rows;
    return { rate: this.#rows / seconds, cost: [perRow(psql), perRow(server), 0] };
  }

  async #makeTable({ key, indexes }: Reference): Promise<void> {
    const { pool } = this.#servers;
    await pool.query('drop table if exists reference');
    await pool.query('create table reference (like segment) partition by range (started)');
    const { rows } = await pool.query<{ name: string; bounds: string }>(
      `select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'segment'::regclass`,
    );
    for (const { name, bounds } of rows)
      await pool.query(`create table reference_${name} partition of reference ${bounds}`);
    await pool.query('create index on reference using brin (started)');
    if (key) await pool.query('alter table reference add primary key (agent_id, epoch, seq, started)');
    if (indexes) await this.#copyIndexes();
  }

  async #copyIndexes(): Promise<void> {
    const { pool } = this.#servers;
    const { rows } = await pool.query<{ definition: string }>(
      `select pg_get_indexdef(indexrelid) as definition from pg_index
       where indrelid = 'segment'::regclass and pg_get_indexdef(indexrelid) not like '%USING brin%'`,
    );
    for (const { definition } of rows)
      await pool.query(definition.replace(/INDEX \S+ ON (ONLY )?(public\.)?segment/, 'INDEX ON reference'));
  }

  #file(format: string): string {
    return join(this.#servers.dir, `rows.${format}`);
  }

  async #psql(command: string): Promise<void> {
    await runFile('psql', [
      '--no-psqlrc',
      '--quiet',
      '-v',
      'ON_ERROR_STOP=1',
      '-c',
      command,
      this.#servers.postgres.url,
    ]);
  }
}

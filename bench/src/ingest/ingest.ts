import { INGEST_CONSUMER, STREAM_RECORDS } from '@process-meter/contract';
import { inParallel, nextRecords, populate, publishBatch, type FedAgent } from '../feed.ts';
import type { BenchOptions } from '../options.ts';
import { processorSeconds } from '../processor-time.ts';
import { startServers, type Servers, type Service } from '../servers.ts';
import { round, spread, spreadText, table } from '../stats.ts';
import { References, type Reference } from './references.ts';

const RECORDS = 100;
const BATCHES_AN_AGENT = 2;
/** A batch of 90 minutes is a busy desktop; one of 19.5 hours is what an agent replays after an outage. */
const SHAPES = { dense: 5_400_000, replayed: 70_200_000 } as const;
type ShapeName = keyof typeof SHAPES;
const NO_ROLLER = { PM_ROLL_EVERY_MS: '600000' };

interface Case {
  name: string;
  processes: number;
  roller: boolean;
}
const CASES: readonly Case[] = [
  { name: '1 process, roll-up not charged', processes: 1, roller: false },
  { name: '2 processes, roll-up not charged', processes: 2, roller: false },
  { name: '1 process, until the roll-up is complete', processes: 1, roller: true },
];

interface Run {
  /** Rows a second. */
  rate: number;
  /** Microseconds of processor time a row: ingest, PostgreSQL, NATS. */
  cost: readonly [number, number, number];
}

/**
 * From the stream to committed rows, ranges and dirty log, exactly once, beside `psql \copy` of the same rows. The three
 * references and the three cases take turns in every repetition, so that a slow minute of the machine hits all of them.
 */
export async function benchIngest({ quick, say }: BenchOptions): Promise<void> {
  const batches = quick ? 2000 : 12_000;
  const repetitions = Number(process.env['PM_BENCH_REPETITIONS'] ?? (quick ? 1 : 4));
  const servers = await startServers();
  try {
    const { agents, applications } = await populate(servers, batches / BATCHES_AN_AGENT);
    for (const shape of ['dense', 'replayed'] as const) {
      const lab = new Lab({ servers, agents, applications, shape });
      const results = await lab.repeat(repetitions);
      say(
        `\n${shape}: ${(batches * RECORDS).toLocaleString('en')} rows, ${repetitions} repetitions, rows/s min / median / max`,
      );
      say(report(results));
    }
  } finally {
    await servers.stop();
  }
}

type Results = Map<string, Run[]>;

function report(results: Results): string {
  const median = (name: string): number => spread((results.get(name) ?? []).map(({ rate }) => rate)).median;
  const rows = [...results].map(([name, runs]) => {
    const own = spread(runs.map(({ rate }) => rate)).median;
    const cost = [0, 1, 2].map((i) => round(spread(runs.map((run) => run.cost[i] ?? 0)).median, 2));
    return [
      name,
      spreadText(
        runs.map(({ rate }) => rate),
        (rate) => `${Math.round(rate / 1000)}k`,
      ),
      ...REFERENCE_NAMES.map((reference) => round(own / median(reference), 2)),
      cost.join(' + '),
    ];
  });
  const head = [
    '',
    'rows/s',
    ...REFERENCE_NAMES.map((name) => `÷ ${name}`),
    'µs a row: client or ingest + PostgreSQL + NATS',
  ];
  return table(head, rows);
}

const REFERENCES: readonly Reference[] = [
  { name: 'text, key, same indexes', format: 'text', key: true, indexes: true },
  { name: 'text, key', format: 'text', key: true, indexes: false },
  { name: 'binary, no key', format: 'binary', key: false, indexes: false },
];
const REFERENCE_NAMES = REFERENCES.map(({ name }) => name);

class Lab {
  readonly #servers: Servers;
  readonly #agents: readonly FedAgent[];
  readonly #applications: readonly number[];
  readonly #spanMs: number;
  readonly #references: References;

  constructor(of: { servers: Servers; agents: FedAgent[]; applications: number[]; shape: ShapeName }) {
    this.#servers = of.servers;
    this.#agents = of.agents;
    this.#applications = of.applications;
    this.#spanMs = SHAPES[of.shape];
    this.#references = new References(of.servers);
  }

  async repeat(repetitions: number): Promise<Results> {
    const results: Results = new Map();
    const note = (name: string, run: Run): void =>
      void results.set(name, [...(results.get(name) ?? []), run]);
    // One run that is not counted: it makes the partitions, and the rows that the references copy.
    await this.#run({ name: '', processes: 1, roller: false });
    await this.#references.dump();
    for (let i = 0; i < repetitions; i += 1) {
      // Every other time the other way round: what runs after what changes the caches.
      const order = <T>(all: readonly T[]): readonly T[] => (i % 2 === 0 ? all : all.toReversed());
      for (const reference of order(REFERENCES)) note(reference.name, await this.#references.run(reference));
      for (const one of order(CASES)) note(one.name, await this.#run(one));
    }
    return results;
  }

  async #run({ processes, roller }: Case): Promise<Run> {
    const expected = await this.#fill();
    const services: Service[] = [];
    const began = performance.now();
    for (let i = 0; i < processes; i += 1)
      services.push(await this.#servers.startIngest(roller ? {} : NO_ROLLER));
    const pids = [
      ...services.map(({ process }) => process.pid),
      this.#servers.postgres.pid,
      this.#servers.nats.pid,
    ];
    const before = pids.map(processorSeconds);
    const { first, last } = await this.#watch(began, roller);
    const after = pids.map((pid, i) => processorSeconds(pid) - (before[i] ?? 0));
    await Promise.all(services.map(({ process }) => process.stop()));
    await this.#verify(expected);
    const perRow = (seconds: number): number => (seconds * 1e6) / expected;
    const own = after.slice(0, processes).reduce((sum, one) => sum + one, 0);
    return {
      rate: (expected / (last - first)) * 1000,
      cost: [perRow(own), perRow(after.at(-2) ?? 0), perRow(after.at(-1) ?? 0)],
    };
  }

  /** Empties everything and fills the stream. @returns the number of records in it */
  async #fill(): Promise<number> {
    const { pool, streams } = this.#servers;
    await pool.query('truncate segment, agent_range, dirty_log, rollup_quarter, session, document');
    await streams.consumers.delete(STREAM_RECORDS, INGEST_CONSUMER).catch(() => false);
    await streams.streams.purge(STREAM_RECORDS);
    const start = Date.now() - 5 * 86_400_000;
    this.#agents.forEach((agent, i) => {
      // A new epoch each time: message ids are not told apart from the run before otherwise.
      agent.epoch += 1;
      agent.seq = 1;
      agent.at = start + (i % 96) * 300_000;
    });
    const count = this.#agents.length;
    for (let round = 0; round < BATCHES_AN_AGENT; round += 1) {
      await inParallel([...this.#agents.entries()], 200, async ([i, agent]) => {
        // Few applications have most of the use.
        const application = this.#applications[Math.floor(this.#applications.length * (i / count) ** 3)] ?? 0;
        const shape = { records: RECORDS, spanMs: this.#spanMs, application };
        await publishBatch(this.#servers, agent, nextRecords(agent, shape));
      });
    }
    await pool.query('checkpoint');
    return count * BATCHES_AN_AGENT * RECORDS;
  }

  /** Watches the consumer from the first delivery to the last acknowledgement, which follows the commit. */
  async #watch(began: number, roller: boolean): Promise<{ first: number; last: number }> {
    let first = began;
    for (let state = await this.#progress(); state !== 'done'; state = await this.#progress()) {
      if (state === 'waits') first = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    while (roller && (await this.#dirty())) await new Promise((resolve) => setTimeout(resolve, 50));
    return { first, last: performance.now() };
  }

  async #progress(): Promise<'waits' | 'runs' | 'done'> {
    const info = await this.#servers.streams.consumers
      .info(STREAM_RECORDS, INGEST_CONSUMER)
      .catch(() => undefined);
    if (info === undefined || info.delivered.stream_seq === 0) return 'waits';
    return info.num_pending === 0 && info.num_ack_pending === 0 ? 'done' : 'runs';
  }

  async #dirty(): Promise<boolean> {
    const sql = 'select exists (select from dirty_log) as dirty';
    return (await this.#servers.pool.query<{ dirty: boolean }>(sql)).rows[0]?.dirty === true;
  }

  async #verify(expected: number): Promise<void> {
    const { rows } = await this.#servers.pool.query<{ rows: string; distinct: string }>(
      'select count(*) as rows, count(distinct (agent_id, epoch, seq)) as distinct from segment',
    );
    const found = rows[0];
    if (Number(found?.rows) !== expected || Number(found?.distinct) !== expected)
      throw new Error(
        `${expected} records were sent, the table has ${found?.rows}, ${found?.distinct} distinct`,
      );
  }
}

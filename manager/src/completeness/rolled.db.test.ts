import { CAUSE, type Completeness } from '@process-meter/contract';
import type { Pool, PoolClient } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Slot } from '../calendar/index.ts';
import { readSnapshot } from '../db/index.ts';
import { QUARTER_MS, rollOnce } from '../rollup/index.ts';
import { recordCoverage, type RecordedCoverage } from '../testing/recorded.ts';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { completenessOf, watchedByAgent, watchedStretches } from '../testing/watched.ts';
import { completenessByAgent } from './report.ts';
import { namedAgents, readCompleteness } from './store.ts';

const MINUTE = 60_000;
const BASE = Date.UTC(2026, 10, 24, 6);
const NOW = BASE + 9 * 3_600_000;
const AGENTS = 4;
const ENDS = [
  CAUSE.agentStopped,
  CAUSE.agentCrashed,
  CAUSE.suspended,
  CAUSE.disconnected,
  CAUSE.stalled,
  CAUSE.cut,
];
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
});
afterAll(() => database.drop());

/** mulberry32 */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) % 1_000_003) % below;
  };
}

/** What an agent watched: stretches cut at quarters, some of which never arrive; it may watch still. */
function piecesOf(
  agent: number,
  random: (below: number) => number,
): { pieces: RecordedCoverage[]; watchedFrom: number } {
  const pieces: RecordedCoverage[] = [];
  let at = BASE + random(40) * MINUTE;
  while (at < NOW - 60 * MINUTE) {
    const end = at + (1 + random(150)) * MINUTE;
    for (; at < end;) {
      const to = Math.min(end, (Math.floor(at / QUARTER_MS) + 1) * QUARTER_MS);
      const cause = to === end ? (ENDS[random(ENDS.length)] ?? CAUSE.cut) : CAUSE.cut;
      if (random(8) > 0) pieces.push({ agent, from: at, to, cause });
      at = to;
    }
    at += random(3) * random(30) * MINUTE;
  }
  return { pieces, watchedFrom: at };
}

async function account(pool: Pool, slug: string): Promise<{ id: number; agents: number[] }> {
  const { rows } = await pool.query<{ id: number }>(
    `insert into account (slug, name, hash_key) values ($1, $1, 'k') returning id`,
    [slug],
  );
  const id = rows[0]!.id;
  const agents = await pool.query<{ id: number }>(
    `insert into agent (external_id, account_id, public_key, computer, machine, user_name, desktop, platform, version,
       revoked_at)
     select $2 || n, $1, $2 || n, 'c', 'm', 'u', ':0', 'linux', '1',
       case when n = 1 then $3::timestamptz end from generate_series(1, $4::int) n returning id`,
    [id, slug, new Date(NOW - 100 * MINUTE), AGENTS],
  );
  return { id, agents: agents.rows.map((row) => row.id) };
}

async function roll(pool: Pool, limit: number): Promise<void> {
  const client = await pool.connect();
  await rollOnce(client, limit).finally(() => client.release());
}

/** The same, counted from every single row. */
async function counted(client: PoolClient, id: number, slots: Slot[]): Promise<Completeness> {
  const range = { from: slots[0]!.from, to: slots.at(-1)!.to };
  const watched = await watchedStretches(client, id, range);
  return completenessOf(slots, watched, await namedAgents(client, id), NOW);
}

const RANGES: { name: string; slots: Slot[] }[] = [
  {
    name: 'hours',
    slots: Array.from({ length: 10 }, (_, i) => ({
      from: BASE + i * 60 * MINUTE,
      to: BASE + (i + 1) * 60 * MINUTE,
    })),
  },
  {
    name: 'a range that cuts quarters',
    slots: [{ from: BASE + 67 * MINUTE + 123, to: BASE + 311 * MINUTE }],
  },
  { name: 'a range inside a quarter', slots: [{ from: BASE + 92 * MINUTE, to: BASE + 101 * MINUTE }] },
  { name: 'a range up to now', slots: [{ from: BASE + 200 * MINUTE, to: NOW }] },
];

test('completeness from the roll-up is what every single row says, in any order of rows and rolls', async () => {
  const { pool } = database;
  for (let seed = 1; seed <= 25; seed += 1) {
    const random = seeded(seed);
    const { id, agents } = await account(pool, `p${seed}`);
    const made = agents.map((agent) => ({ agent, ...piecesOf(agent, random) }));
    const waiting = made
      .flatMap(({ pieces }) => pieces)
      .map((piece) => ({ piece, order: random(1000) }))
      .toSorted((a, b) => a.order - b.order)
      .map(({ piece }) => piece);
    for (const { agent, watchedFrom } of made.filter(() => random(2) === 0)) {
      await pool.query('insert into open_snapshot values ($1, $2, 1, 1, $3, $4)', [
        agent,
        id,
        new Date(NOW - random(30) * MINUTE),
        new Date(watchedFrom),
      ]);
    }
    while (waiting.length > 0) {
      await recordCoverage(pool, id, waiting.splice(0, 1 + random(40)));
      if (random(3) > 0) await roll(pool, 1 + random(60));
    }
    for (const { name, slots } of RANGES) {
      await readSnapshot(pool, async (client) => {
        const got = await readCompleteness(client, id, slots, NOW);
        const want = await counted(client, id, slots);
        const rounded = ({ share, slots: parts }: Completeness): unknown => [
          share?.toFixed(9),
          parts.map((part) => [part.from, part.to, part.share?.toFixed(9), part.missing]),
        ];
        expect(rounded(got), `seed ${seed}, ${name}`).toEqual(rounded(want));
        const range = { from: slots[0]!.from, to: slots.at(-1)!.to };
        const byAgent = await completenessByAgent(client, { account: id, zone: 'UTC', range, now: NOW });
        const told = (all: typeof wanted): unknown[] =>
          all.map((one) => [one.id, one.share?.toFixed(9), one.missing]);
        const wanted = await watchedByAgent(client, id, range, NOW);
        expect(told(byAgent.agents), `seed ${seed}, ${name}`).toEqual(told(wanted));
      });
    }
  }
});

import type { Completeness } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import type { Slot } from '../calendar/index.ts';
import { QUARTER_MS, quarterOf } from '../rollup/index.ts';
import { completenessFrom, cutParts, spansOf, total, type AgentPresence } from './model.ts';
import { coveredParts, coveredQuarters, freshStretches, gapsIn } from './rolled-store.ts';

/**
 * How much of the slots is known for an account: from the roll-up, and from the rows for what is not in it yet and for
 * slots that cut a quarter. To be called on one snapshot.
 * @param slots in order, each beginning where the one before ends
 */
export async function readCompleteness(
  client: PoolClient,
  account: number,
  slots: readonly Slot[],
  now: number,
): Promise<Completeness> {
  const read = (asked: readonly Slot[]): Promise<Completeness> => readSlots(client, account, asked, now);
  // Also of the quarters the first and the last may be cut: they are read as they are.
  return slots.length > MAX_CUT_SLOTS && slots.some(({ from, to }) => to - from < QUARTER_MS)
    ? byQuarter(slots, read)
    : read(slots);
}

async function readSlots(
  client: PoolClient,
  account: number,
  slots: readonly Slot[],
  now: number,
): Promise<Completeness> {
  const known = slots.map(({ from, to }) => ({ from, to: Math.max(from, Math.min(to, now)) }));
  const range = { from: slots[0]?.from ?? now, to: slots.at(-1)?.to ?? now };
  const covered = await coveredQuarters(client, account, known);
  const parts = known.flatMap((slot) => cutParts(slot, QUARTER_MS));
  const inParts = await coveredParts(client, account, parts);
  const fresh = await freshStretches(client, account, range);
  let part = 0;
  const filled = known.map((slot, i) => {
    const rolled = cutParts(slot, QUARTER_MS).reduce((sum) => sum + (inParts[part++] ?? 0), covered[i] ?? 0);
    return rolled + total(fresh.logged, slot.from, slot.to) + total(fresh.running, slot.from, slot.to);
  });
  return completenessFrom(slots, filled, spansOf(await gapsIn(client, account, range), now), now);
}

/** So many slots may be shorter than a quarter and are still known to the millisecond. */
const MAX_CUT_SLOTS = 100;

/** Many short slots are as complete as their quarters. */
async function byQuarter(
  slots: readonly Slot[],
  read: (quarters: Slot[]) => Promise<Completeness>,
): Promise<Completeness> {
  const of = (slot: Slot): number => quarterOf(slot.from);
  const quarters = [...Map.groupBy(slots, of).values()].map((inside) => ({
    from: inside[0]?.from ?? 0,
    to: inside.at(-1)?.to ?? 0,
  }));
  const { share, slots: known } = await read(quarters);
  const byNumber = new Map(known.map((slot) => [of(slot), slot]));
  return {
    share,
    slots: slots.map((slot) => {
      const { share: part, missing } = byNumber.get(of(slot)) ?? { share: null, missing: 0 };
      return { ...slot, share: part, missing };
    }),
  };
}

/** A loss that an agent told or that ingest found. */
export interface LossInRange extends Slot {
  agent: number;
  /** How many records; -1 when unknown. */
  lost: number;
  reason: string;
}

/** Where a loss ends may not be known; then it ends at the latest with the last sequence that was seen. */
const ARRIVED = `lower(g.missing) <@ r.came and g.missing * int8multirange(int8range(1, upper(r.seen))) <@ r.came`;

/** Losses that touch a range, the newest first; what was thought lost and came after all is none. */
export async function readLosses(client: PoolClient, account: number, range: Slot): Promise<LossInRange[]> {
  const { rows } = await client.query<{
    agent_id: number;
    from_at: Date;
    to_at: Date;
    lost: string;
    reason: string;
  }>(
    `select g.agent_id, from_at, to_at, lost, reason from record_gap g
       -- What lies in a dead letter was seen, and has not come.
       left join (select *, seen - parked as came from agent_range) r on r.agent_id = g.agent_id and r.epoch = g.epoch
     where account_id = $1 and from_at < $3 and to_at >= $2
       and (g.missing is null or r.seen is null or not (${ARRIVED}))
     order by from_at desc, g.agent_id`,
    [account, new Date(range.from), new Date(range.to)],
  );
  return rows.map((row) => ({
    agent: row.agent_id,
    from: row.from_at.getTime(),
    to: row.to_at.getTime(),
    lost: Number(row.lost),
    reason: row.reason,
  }));
}

/** Agents of an account as a list names them. */
export async function namedAgents(
  client: PoolClient,
  account: number,
): Promise<(AgentPresence & { id: string; computer: string; user: string })[]> {
  const { rows } = await client.query<{
    id: number;
    external_id: string;
    computer: string;
    user_name: string;
    revoked_at: Date | null;
  }>(
    `select id, external_id, computer, user_name, revoked_at from agent where account_id = $1
     order by lower(computer), lower(user_name), id`,
    [account],
  );
  return rows.map((row) => ({
    agent: row.id,
    id: row.external_id,
    computer: row.computer,
    user: row.user_name,
    revokedAt: row.revoked_at?.getTime() ?? null,
  }));
}

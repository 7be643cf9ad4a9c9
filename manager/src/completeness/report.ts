import type { Completeness } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { midnights, slotsOf, stepFor, type Slot } from '../calendar/index.ts';
import { coveredByAgent } from './agent-day-store.ts';
import { completenessFrom, spansOf } from './model.ts';
import { gapsIn } from './rolled-store.ts';
import { namedAgents, readCompleteness, readLosses } from './store.ts';

export interface AgentCompleteness {
  id: string;
  computer: string;
  user: string;
  share: number | null;
  missing: Slot[];
  /** Records that are lost for ever, with the reason; -1 when nobody knows how many. */
  lost: (Slot & { lost: number; reason: string })[];
}

const MISSING_SHOWN = 200;

/** How much of a range is known, overall by hours or days, and per agent with the stretches that are missing. */
export async function completenessByAgent(
  client: PoolClient,
  { account, zone, range, now }: { account: number; zone: string; range: Slot; now: number },
): Promise<Slot & { zone: string; overall: Completeness; agents: AgentCompleteness[] }> {
  const days = await midnights(client, range, zone);
  const slots = slotsOf(range, stepFor(range) === 'day' ? 'day' : 'hour', days);
  const covered = await coveredByAgent(client, account, { from: range.from, to: Math.min(range.to, now) });
  const agents = await namedAgents(client, account);
  const losses = Map.groupBy(await readLosses(client, account, range), (loss) => loss.agent);
  const gaps = Map.groupBy(spansOf(await gapsIn(client, account, range), now), (gap) => gap.agent);
  return {
    ...range,
    zone,
    overall: await readCompleteness(client, account, slots, now),
    agents: agents.map(({ agent, id, computer, user }) => {
      const missing = gaps.get(agent) ?? [];
      return {
        id,
        computer,
        user,
        share: completenessFrom([range], [covered.get(agent) ?? 0], missing, now).share,
        missing: missing
          .map((gap) => ({ from: Math.max(gap.from, range.from), to: Math.min(gap.to, range.to) }))
          .filter((gap) => gap.to > gap.from)
          .toSorted((a, b) => a.from - b.from)
          .slice(0, MISSING_SHOWN),
        lost: (losses.get(agent) ?? [])
          .map(({ from, to, lost, reason }) => ({ from, to, lost, reason }))
          .slice(0, MISSING_SHOWN),
      };
    }),
  };
}

import type { Completeness } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { midnights, slotsOf, stepFor, type Slot } from '../calendar/index.ts';
import { completenessOf, missingSpans } from './model.ts';
import { namedAgents, readLosses, watchedStretches } from './store.ts';

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
  const watched = await watchedStretches(client, account, range);
  const agents = await namedAgents(client, account);
  const losses = await readLosses(client, account, range);
  const gaps = missingSpans(watched, agents, now);
  return {
    ...range,
    zone,
    overall: completenessOf(slots, watched, agents, now),
    agents: agents.map(({ agent, id, computer, user, revokedAt }) => {
      const own = watched.filter((stretch) => stretch.agent === agent);
      return {
        id,
        computer,
        user,
        share: completenessOf([range], own, [{ agent, revokedAt }], now).share,
        missing: gaps
          .filter((gap) => gap.agent === agent)
          .map((gap) => ({ from: Math.max(gap.from, range.from), to: Math.min(gap.to, range.to) }))
          .filter((gap) => gap.to > gap.from)
          .slice(0, MISSING_SHOWN),
        lost: losses
          .filter((loss) => loss.agent === agent)
          .map(({ from, to, lost, reason }) => ({ from, to, lost, reason }))
          .slice(0, MISSING_SHOWN),
      };
    }),
  };
}

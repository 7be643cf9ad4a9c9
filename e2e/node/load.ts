import { join } from 'node:path';
import type { AgentProcess } from '@process-meter/e2e/stack/agent-process';
import { Audit, NOTHING_LOST } from '@process-meter/e2e/stack/audit';
import { drain } from '@process-meter/e2e/stack/drain';
import type { Pool } from 'pg';
import { expect } from 'vitest';
import { LOAD_PAUSE_MS } from './agents.ts';

/** Agents under made-up load, each with a state folder of its name below `folder`. */
export interface Load {
  agents: readonly AgentProcess[];
  names: readonly string[];
  folder: string;
  pool: Pool;
  say: (line: string) => void;
}

/** Everything given out so far has arrived, once; then the agents go on. @returns how many records that were */
export async function nothingIsLost({ agents, names, folder, pool, say }: Load): Promise<number> {
  const audit = new Audit(pool);
  const outboxes = await drain(
    agents,
    names.map((name) => join(folder, name)),
    audit,
  );
  const found = await audit.read();
  const records = outboxes.reduce((sum, { last }) => sum + last, 0);
  say(`${records} records given out and seen; ${JSON.stringify(found)}`);
  expect(found).toMatchObject(NOTHING_LOST);
  expect(await audit.incompleteLoadDocuments()).toBe(0);
  // The last of it may have been sent by agents that made nothing new.
  for (const one of agents) await one.resume({ LOAD_PAUSE_MS });
  return records;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentProcess } from './agent-process.ts';
import type { Audit, Given } from './audit.ts';

/**
 * Stops the agents and waits for all they gave out. What a stop could not send stays in the outbox: an agent that is
 * behind is started once more, without new load.
 */
export async function drain(
  agents: readonly AgentProcess[],
  states: readonly string[],
  audit: Audit,
): Promise<Given[]> {
  for (let attempt = 0; ; attempt += 1) {
    await Promise.all(agents.map((one) => one.stop()));
    const outboxes = states.map(given);
    const behind = (): Promise<string[]> => audit.behind(outboxes);
    let waiting = await behind();
    for (const until = Date.now() + 10_000; waiting.length > 0 && Date.now() < until;) {
      await pause(300);
      waiting = await behind();
    }
    if (waiting.length === 0) return outboxes;
    if (attempt === 5) throw new Error(`not drained: ${waiting.join('; ')}`);
    for (const one of agents) await one.resume({ LOAD_PAUSE_MS: '3600000' });
    await pause(4000);
  }
}

/** What each outbox gave out: the last sequence of its epoch. */
function given(folder: string): Given {
  const db = new DatabaseSync(join(folder, 'outbox.sqlite'), { readOnly: true });
  const value = (key: string): number =>
    Number(db.prepare('select value from meta where key = ?').get(key)?.['value']);
  const identity: { enrolled: { agent: string } } = JSON.parse(
    readFileSync(join(folder, 'identity.json'), 'utf8'),
  );
  const result = { agent: identity.enrolled.agent, epoch: value('epoch'), last: value('lastSeq') };
  db.close();
  return result;
}

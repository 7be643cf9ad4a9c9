import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sectionsOf, type Section } from './page.ts';
import { follow, type Reader, type Tally } from './reader.ts';
import type { RunbookWorld } from './runbook-world.ts';
import type { Scenario } from './scenarios.ts';

export const PAGES = join(import.meta.dirname, '../../../docs/operate');
const RUNBOOKS = join(PAGES, 'runbooks');

export interface Runbook extends Section {
  /** File below docs/operate. */
  readonly page: string;
}

/** Everything under a heading of the second level in the pages of runbooks, but not in their overview. */
export function runbooks(): Runbook[] {
  return readdirSync(RUNBOOKS)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .flatMap((name) =>
      sectionsOf(join(RUNBOOKS, name))
        .filter(({ title }) => title !== '')
        .map((section) => ({ ...section, page: `runbooks/${name}` })),
    );
}

/** Does what a page says, from one section to another. */
export async function followPage(
  reader: Reader,
  { page, from, before, tally }: { page: string; from?: string; before?: string; tally: Tally },
): Promise<void> {
  const sections = sectionsOf(join(PAGES, page));
  const at = (title: string | undefined, otherwise: number): number => {
    if (title === undefined) return otherwise;
    const found = sections.findIndex((section) => section.title === title);
    if (found < 0) throw new Error(`${page} has no section "${title}"`);
    return found;
  };
  const blocks = sections
    .slice(at(from, 0), at(before, sections.length))
    .flatMap((section) => section.blocks);
  await follow(reader, { page, blocks, tally });
}

/** Brings a reason about, follows its runbook, and waits until all is well again. */
export async function tryRunbook(
  world: RunbookWorld,
  { reason, says: [what, type], cause, remedy }: Scenario,
  tally: Tally,
): Promise<void> {
  const runbook = runbooks().find(({ title }) => title === reason);
  if (runbook === undefined) throw new Error(`${reason} has no runbook`);
  const { page, blocks } = runbook;
  await cause(world);
  await world.says({ what, type, reason });
  const first = blocks.findIndex(({ part }) => part !== 'See it');
  const seen = first < 0 ? blocks.length : first;
  await follow(world.reader, { page, blocks: blocks.slice(0, seen), tally });
  await remedy?.(world);
  await follow(world.reader, { page, blocks: blocks.slice(seen), tally });
  await world.says({ what: 'processmeter/meter', type: 'Ready', reason: 'Running' });
}

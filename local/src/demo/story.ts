import { closePaper, openPaper, type DeskDeps, type OpenPaper } from './desk.ts';
import { papers } from './papers.ts';

export interface StoryDeps extends DeskDeps {
  /** From 0 up to 1. */
  random: () => number;
  say: (line: string) => void;
  stopped: () => boolean;
}

/** Papers that lie open when the day begins. */
const FIRST = 3;
const MOST_OPEN = 5;
/** The demonstration's applications are Inactive after 10 s. */
const BREAK_MS = { from: 13_000, to: 24_000 };

/** Works on the papers without end: changes between them, types, rests, closes some and opens others. */
export async function tellStory(deps: StoryDeps): Promise<void> {
  const desk: OpenPaper[] = [];
  let turn = 0;
  while (!deps.stopped()) {
    try {
      await takeTurn(deps, desk, turn);
    } catch (error) {
      // A window may vanish under the hand; the next turn looks at what is there.
      deps.say(`desktop: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
      await deps.sleep(1000);
    }
    turn += 1;
  }
  await Promise.all(desk.map((open) => open.program.stop('SIGTERM', 1000)));
}

async function takeTurn(deps: StoryDeps, desk: OpenPaper[], turn: number): Promise<void> {
  const wanted = turn % 4 === 3 ? Math.min(desk.length + 1, MOST_OPEN) : FIRST;
  while (desk.length < wanted && !deps.stopped()) await open(deps, desk);
  const current = pick(deps, desk);
  if (current === undefined) return;
  await work(deps, current);
  if (turn >= FIRST && turn % 3 === 0) await rest(deps);
  // The oldest goes: every paper has its time on the desk.
  if (turn >= FIRST && turn % 4 === 1) await closeOldest(deps, desk);
}

/** Opens a paper that is closed, of a program that is not in use where there is one. */
async function open(deps: StoryDeps, desk: OpenPaper[]): Promise<void> {
  const closed = papers.filter((paper) => !desk.some((other) => other.paper === paper));
  const fresh = closed.filter(({ program }) => !desk.some((other) => other.paper.program === program));
  const paper = pick(deps, fresh.length > 0 ? fresh : closed);
  if (paper === undefined) return;
  const opened = await openPaper(deps, paper);
  desk.push(opened);
  void opened.program.ended.then(() => {
    const index = desk.indexOf(opened);
    if (index !== -1) desk.splice(index, 1);
  });
}

async function work(deps: StoryDeps, open: OpenPaper): Promise<void> {
  await deps.hand.focus(open.window);
  await deps.hand.movePointer(200 + deps.random() * 600, 200 + deps.random() * 400);
  await deps.hand.press('ctrl+End');
  const phrases = 1 + Math.floor(deps.random() * 3);
  for (let count = 0; count < phrases && !deps.stopped(); count += 1) {
    await deps.hand.type(pick(deps, open.paper.phrases) ?? '', 60 + deps.random() * 60);
    await deps.sleep(500 + deps.random() * 2500);
  }
  await deps.hand.press('ctrl+s');
}

async function rest(deps: StoryDeps): Promise<void> {
  await deps.sleep(BREAK_MS.from + deps.random() * (BREAK_MS.to - BREAK_MS.from));
}

async function closeOldest(deps: StoryDeps, desk: OpenPaper[]): Promise<void> {
  const oldest = desk[0];
  if (oldest !== undefined) await closePaper(deps, oldest);
}

function pick<T>(deps: StoryDeps, list: readonly T[]): T | undefined {
  return list[Math.floor(deps.random() * list.length)];
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startXServer } from '../x-server.ts';
import { closePaper, openPaper } from './desk.ts';
import { xdotoolHand } from './hand.ts';
import { papers } from './papers.ts';

const programs = [...new Set(papers.map(({ program }) => program))];

test.each(programs)(
  'a paper of %s is opened, typed into, saved and closed by real input',
  async (program) => {
    const dir = mkdtempSync(join(tmpdir(), 'pm-desk-'));
    const x = await startXServer();
    onTestFinished(async () => {
      await x.stop();
      rmSync(dir, { recursive: true, force: true });
    });
    const hand = xdotoolHand(x.display);
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const deps = { hand, dir, display: x.display, sleep };
    const paper = papers.find((one) => one.program === program)!;

    const open = await openPaper(deps, paper);
    await hand.focus(open.window);
    await hand.press('ctrl+End');
    await hand.type('seventeen bolts', 20);
    await closePaper(deps, open);

    await open.program.ended;
    expect(readFileSync(join(dir, paper.file), 'utf8').trimEnd()).toBe(`${paper.beginning}seventeen bolts`);
    expect(await hand.windowsTitled(paper.file)).toEqual([]);
  },
);

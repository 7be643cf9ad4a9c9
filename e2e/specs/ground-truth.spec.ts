import { expect, test, type Page } from '@playwright/test';
import pg from 'pg';
import { Script } from '../stack/script.ts';
import { startStack, type Stack } from '../stack/stack.ts';
import { truthOf, type Times } from '../stack/truth.ts';

const LIMITS = { inactiveAfterMs: 5000, timeoutAfterMs: 60_000 };
/** What is shown is whole seconds, so half a second of rounding comes on top of the one that is allowed. */
const TOLERANCE_MS = 1000;
const ROUNDING_MS = 500;
const DOCUMENTS = ['alpha.txt', 'beta.txt', 'delta.txt', 'gamma.txt'];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(() => stack.stop());

/** Two applications with two documents each, a change of focus, an Inactive and a Timeout. */
async function work(script: Script): Promise<void> {
  await script.openInEditor('alpha.txt', 'beta.txt');
  await script.openInTerminal('gamma.txt');
  await script.openInTerminal('delta.txt');
  await script.focus('alpha.txt');
  await pause(2000);
  await script.type('alpha.txt', 6000);
  await script.focus('gamma.txt');
  await pause(1500);
  await script.type('gamma.txt', 5000);
  // Nobody there: Inactive, dated back to the last key, and Timeout a minute after that.
  await pause(67_000);
  await script.type('gamma.txt', 4000);
  await script.focus('beta.txt');
  await pause(1500);
  await script.type('beta.txt', 3000);
  await script.close('gamma.txt');
  await script.close('delta.txt');
  await script.close('alpha.txt', 'beta.txt');
}

test('what the portal shows of each document is what was done, within a second', async ({ page }) => {
  test.setTimeout(240_000);
  await stack.manager.monitorOnly([
    { name: 'Mousepad', rules: [{ executable: 'mousepad' }], ...LIMITS },
    { name: 'Terminal editor', rules: [{ executable: 'xterm' }], ...LIMITS },
  ]);
  await stack.signIn(page);
  // Somebody watches: agents send changes at once.
  await page.goto(stack.portal);
  await pause(3000);
  const script = new Script(stack);
  try {
    await work(script);
  } finally {
    await script.end();
  }
  const ended = async (): Promise<number> =>
    (await stack.manager.sessions()).filter((session) => session.ended !== null).length;
  await expect.poll(ended, { timeout: 75_000 }).toBe(3);

  const sessions = await stack.manager.sessions();
  const editor = sessions.find((session) => session.application.name === 'Mousepad');
  expect(editor?.documentList.map(({ name }) => name).toSorted()).toEqual(['alpha.txt', 'beta.txt']);
  const shown = new Map<string, Times>();
  for (const session of sessions) await readDocuments(page, session.session, shown);
  expect([...shown.keys()].toSorted()).toEqual(DOCUMENTS);
  for (const [name, times] of shown) {
    const deeds = script.deeds.filter((deed) => deed.document === name);
    const truth = truthOf(deeds, LIMITS);
    for (const state of ['activeMs', 'inactiveMs', 'timeoutMs'] as const) {
      const away = Math.abs(times[state] - truth[state]);
      const text = `${name} ${state}: shown ${times[state]}, truth ${truth[state]}`;
      expect.soft(away, text).toBeLessThanOrEqual(TOLERANCE_MS + ROUNDING_MS);
    }
    for (const document of sessions.flatMap((session) => session.documentList)) {
      if (document.name !== name) continue;
      for (const state of ['activeMs', 'inactiveMs', 'timeoutMs'] as const) {
        const text = `${name} ${state}: recorded ${document[state]}, truth ${truth[state]}`;
        expect.soft(Math.abs(document[state] - truth[state]), text).toBeLessThanOrEqual(TOLERANCE_MS);
      }
    }
  }
  await expectTiled();
});

/** The documents table of Session Detail as a person reads it. */
async function readDocuments(page: Page, session: string, into: Map<string, Times>): Promise<void> {
  await page.goto(`${stack.portal}/use/sessions/${session}`);
  const rows = page.locator('section', { hasText: 'Documents' }).locator('table').last().locator('tbody tr');
  for (const row of await rows.all()) {
    const [name = '', active = '', inactive = '', timeout = ''] = await row.locator('td').allInnerTexts();
    into.set(name.split('\n')[0] ?? '', {
      activeMs: readDuration(active),
      inactiveMs: readDuration(inactive),
      timeoutMs: readDuration(timeout),
    });
  }
}

/** "1 min 05 s" or "40 s" in ms. */
function readDuration(text: string): number {
  const found = /^(?:(\d+)\smin\s)?(\d+)\ss$/.exec(text.trim());
  if (found === null) throw new Error(`no duration: ${text}`);
  return (Number(found[1] ?? 0) * 60 + Number(found[2])) * 1000;
}

/** In the database the segments of each document begin and end with it and leave no gap. */
async function expectTiled(): Promise<void> {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  const { rows } = await client.query(`
    select d.name,
           min(s.started) = d.opened and max(s.ended) = d.closed
             and sum(s.ended - s.started) = d.closed - d.opened as tiled,
           bool_and(s.started < s.ended) as forward,
           count(*) filter (where s.started <> s.before) as breaks
      from document d
      join (select *, lag(ended) over (partition by agent_id, document_id order by started) as before from segment) s
        on s.agent_id = d.agent_id and s.document_id = d.id
     group by d.agent_id, d.id, d.name, d.opened, d.closed order by d.name`);
  await client.end();
  expect(rows).toEqual(DOCUMENTS.map((name) => ({ name, tiled: true, forward: true, breaks: '0' })));
}

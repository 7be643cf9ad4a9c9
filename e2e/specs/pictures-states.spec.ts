import { expect, test, type Page } from '@playwright/test';
import { compare, pictured, THEMES } from '../stack/pictures.ts';
import { RECORDED_ROOM } from '../stack/recorded-data.ts';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';

// What a panel looks like when it has nothing, cannot be shown, or is being fetched, each brought about by what really
// causes it. A panel whose data is partial is in the pictures of the screens: two of the agents have not sent all.

let stack: RecordedStack;
test.beforeAll(async () => {
  stack = await startRecordedStack();
  await stack.api.otherAccount('empty');
});
test.afterAll(() => stack.stop());

/** The database keeps a table to somebody else: what reads it does not answer. */
async function withoutTable(table: 'session' | 'rollup_quarter', look: () => Promise<void>): Promise<void> {
  const client = await stack.api.database.pool.connect();
  try {
    await client.query('begin');
    await client.query(`lock table ${table} in access exclusive mode`);
    await look();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const EMPTY = {
  overview: '/',
  concurrent: '/use/concurrent',
  sessions: '/use/sessions',
  applications: '/administration/applications',
  agents: '/administration/agents',
  rejected: '/administration/rejected',
} as const;

async function hasFailed(page: Page, path: string): Promise<void> {
  await page.goto(stack.portal + path);
  await expect(page.getByRole('alert')).toContainText('PM-5003');
}

for (const theme of THEMES) {
  test(`panels of an account that has nothing look as accepted, ${theme}`, async ({ browser }) => {
    test.setTimeout(240_000);
    const page = await pictured(stack, browser, { theme, width: 1440 });
    await stack.signIn(page, 'empty');
    for (const [name, path] of Object.entries(EMPTY)) {
      await page.goto(stack.portal + path);
      await compare(page, `empty-${name}-${theme}`);
    }
    await page.context().close();
  });

  test(`panels without an answer look as accepted, ${theme}`, async ({ browser }) => {
    test.setTimeout(240_000);
    const page = await pictured(stack, browser, { theme, width: 1440 });
    await stack.signIn(page);
    await page.goto(`${stack.portal}/use/sessions?user=nobody`);
    await compare(page, `nothing-matches-${theme}`);
    await withoutTable('session', async () => {
      await hasFailed(page, '/use/sessions?user=s.tallmark');
      await compare(page, `failed-sessions-${theme}`);
    });
    await withoutTable('rollup_quarter', async () => {
      await hasFailed(page, '/use/concurrent?app=civildraft-2026');
      await compare(page, `failed-concurrent-${theme}`);
    });
    await page.context().close();
  });

  test(`Health, with message servers that are nearly full and without any, looks as accepted, ${theme}`, async ({
    browser,
  }) => {
    const page = await pictured(stack, browser, { theme, width: 1440 });
    await stack.signIn(page);
    stack.holds({ ...RECORDED_ROOM, bytes: 7_120_000_000, waiting: 1_204_311, behind: true });
    await page.goto(`${stack.portal}/administration/health`);
    await compare(page, `health-behind-${theme}`);
    stack.holds(null);
    await page.reload();
    await compare(page, `health-away-${theme}`);
    stack.holds(RECORDED_ROOM);
    await page.context().close();
  });

  test(`old figures stay, dimmed, while new ones are fetched, ${theme}`, async ({ browser }) => {
    const page = await pictured(stack, browser, { theme, width: 1440 });
    await stack.signIn(page);
    await page.goto(`${stack.portal}/use/sessions`);
    const held = Promise.withResolvers<undefined>();
    await page.route('**/__data.json*', async (route) => {
      await held.promise;
      await route.continue();
    });
    await expect(async () => {
      await page.getByRole('link', { name: 'Active', exact: true }).click();
      await expect(page.locator('main')).toHaveAttribute('aria-busy', 'true', { timeout: 400 });
    }).toPass();
    await expect(page.locator('.panel').first()).toHaveCSS('opacity', '0.6');
    await compare(page, `loading-${theme}`);
    held.resolve(undefined);
    await expect(page.locator('.panel').first()).toHaveCSS('opacity', '1');
    await page.context().close();
  });
}

import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';
import { screensOf } from '../stack/screens.ts';

let stack: RecordedStack;
let screens: Record<string, string>;
test.beforeAll(async () => {
  stack = await startRecordedStack();
  screens = await screensOf(stack);
});
test.afterAll(() => stack.stop());

async function expectNothing(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
  expect.soft(found, where).toEqual([]);
}

/** What lies over a page, each opened anew. */
const OVER: readonly { screen: string; name: string; open: (page: Page) => Promise<void> }[] = [
  {
    screen: 'sessions',
    name: 'range picker',
    open: async (page) => {
      await page.locator('.filterbar summary').first().click();
      await expect(page.locator('.cal button').first()).toBeVisible();
    },
  },
  {
    screen: 'sessions',
    name: 'filter with a search',
    open: async (page) => {
      await page.locator('summary', { hasText: 'User' }).click();
      await page.getByRole('searchbox', { name: 'Find user' }).fill('nobody');
      await expect(page.getByText('Nothing is named like')).toBeVisible();
    },
  },
  {
    screen: 'sessions',
    name: 'filter with values chosen',
    open: async (page) => {
      await page.goto(`${page.url()}?user=s.tallmark&user=nobody&computer=WS-0101`);
      await page.locator('summary', { hasText: 'User' }).click();
    },
  },
  {
    screen: 'sessions',
    name: 'filter of states',
    open: (page) => page.locator('summary', { hasText: 'State now' }).click(),
  },
  {
    screen: 'concurrent-day',
    name: 'choice of the application',
    open: (page) => page.locator('summary.picker').click(),
  },
  {
    screen: 'overview',
    name: 'palette',
    open: async (page) => {
      await expect(async () => {
        await page.keyboard.press('Control+k');
        await expect(page.getByRole('combobox')).toBeVisible({ timeout: 400 });
      }).toPass();
      await page.keyboard.type('w');
    },
  },
  {
    screen: 'health',
    name: 'list of keys',
    open: async (page) => {
      const list = page.getByRole('dialog', { name: 'Keyboard' });
      await expect(async () => {
        await page.keyboard.press('?');
        await expect(list).toBeVisible({ timeout: 400 });
      }).toPass();
    },
  },
  { screen: 'application', name: 'question before deleting', open: (page) => ask(page, 'Delete') },
  { screen: 'agent', name: 'question before revoking', open: (page) => ask(page, 'Revoke') },
];

async function ask(page: Page, button: string): Promise<void> {
  await expect(async () => {
    await page.getByRole('button', { name: button, exact: true }).click();
    await expect(page.getByRole('dialog')).toBeVisible({ timeout: 400 });
  }).toPass();
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in what opens over a page, nor in the wall view, ${colorScheme}`, async ({
    browser,
  }) => {
    test.setTimeout(120_000);
    const context = await browser.newContext({ colorScheme });
    const page = await context.newPage();
    await stack.signIn(page);
    for (const { screen, name, open } of OVER) {
      await page.goto(stack.portal + (screens[screen] ?? ''));
      await open(page);
      await expectNothing(page, name);
    }
    for (const screen of [
      'wall',
      'session',
      'agent',
      'application',
      'concurrent-90-days',
      'concurrent-hour',
    ]) {
      await page.goto(stack.portal + (screens[screen] ?? ''));
      await expectNothing(page, screen);
    }
    await context.close();
  });

  test(`axe finds nothing on a phone, ${colorScheme}`, async ({ browser }) => {
    test.setTimeout(90_000);
    const context = await browser.newContext({ colorScheme, viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    await stack.signIn(page);
    for (const [name, path] of Object.entries(screens)) {
      await page.goto(stack.portal + path);
      await expectNothing(page, name);
    }
    await page.goto(stack.portal + (screens['sessions'] ?? ''));
    await page.locator('.filterbar summary').first().click();
    await expect(page.locator('.cal button').first()).toBeVisible();
    await expectNothing(page, 'range picker');
    await page.locator('.filterbar summary').first().press('Escape');
    await page.getByRole('button', { name: 'Open navigation' }).click();
    await expectNothing(page, 'menu');
    await context.close();
  });
}

test('the wall view looks like one before its scripts have come', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await stack.signIn(page);
  await page.goto(stack.portal + (screens['wall'] ?? ''));
  await expect(page.locator('html')).toHaveAttribute('data-wall');
  await expect(page.locator('.hide-wall').first()).toBeHidden();
  await page.goto(stack.portal);
  await expect(page.locator('html')).not.toHaveAttribute('data-wall');
  await context.close();
});

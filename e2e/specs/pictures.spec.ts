import { expect, test, type Browser, type Page } from '@playwright/test';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';
import { screensOf } from '../stack/screens.ts';

// Each screen over the same data at the same instant against its accepted picture; at most 1 % of the pixels may
// differ. After a wanted change: `playwright test pictures --update-snapshots`, look at what changed, then
// `node stack/shrink-pictures.ts`.

let stack: RecordedStack;
let screens: Record<string, string>;
test.beforeAll(async () => {
  stack = await startRecordedStack();
  screens = await screensOf(stack);
});
test.afterAll(() => stack.stop());

type Theme = 'light' | 'dark';
const PHONE = ['overview', 'concurrent-day', 'sessions', 'session', 'applications', 'agents'];

async function pageOf(browser: Browser, colorScheme: Theme, width: number): Promise<Page> {
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ colorScheme, viewport, timezoneId: 'Europe/Oslo' });
  await stack.fix(context);
  return context.newPage();
}

/** What a page still has to do before it stands still. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  if (new URL(page.url()).pathname === '/') await expect(page.getByText('Live ·')).toBeVisible();
}

async function compare(page: Page, name: string): Promise<void> {
  await settled(page);
  // The address of the portal under test is another each time.
  const mask = [page.locator('.form > div > p.soft')];
  await expect.soft(page, `screen ${name}`).toHaveScreenshot(`${name}.png`, { mask });
}

for (const theme of ['light', 'dark'] as const) {
  test(`every screen looks as accepted, ${theme}`, async ({ browser }) => {
    test.setTimeout(120_000);
    const page = await pageOf(browser, theme, 1440);
    await page.goto(`${stack.portal}/sign-in`);
    await compare(page, `sign-in-${theme}`);
    await stack.signIn(page);
    for (const [name, path] of Object.entries(screens)) {
      await page.goto(stack.portal + path);
      await compare(page, `${name}-${theme}`);
    }
    await page.goto(stack.portal + (screens['sessions'] ?? ''));
    await page.locator('.filterbar summary').first().click();
    await expect(page.locator('.cal button').first()).toBeVisible();
    await compare(page, `range-picker-${theme}`);
    await page.context().close();
  });

  test(`the screens on a phone look as accepted, ${theme}`, async ({ browser }) => {
    test.setTimeout(120_000);
    const page = await pageOf(browser, theme, 390);
    await stack.signIn(page);
    for (const name of PHONE) {
      await page.goto(stack.portal + (screens[name] ?? ''));
      await compare(page, `${name}-390-${theme}`);
    }
    await page.context().close();
  });
}

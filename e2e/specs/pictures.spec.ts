import { expect, test } from '@playwright/test';
import { compare, pictured, THEMES } from '../stack/pictures.ts';
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

const PHONE = ['overview', 'concurrent-day', 'sessions', 'session', 'applications', 'agents', 'health'];

for (const theme of THEMES) {
  test(`every screen looks as accepted, ${theme}`, async ({ browser }) => {
    test.setTimeout(120_000);
    const page = await pictured(stack, browser, { theme, width: 1440 });
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
    await page.goto(`${stack.portal}/use/sessions?user=s.tallmark&user=t.okoro-hale&state=active`);
    await page.locator('summary', { hasText: 'User' }).click();
    await expect(page.getByRole('searchbox', { name: 'Find user' })).toBeFocused();
    await compare(page, `filter-${theme}`);
    await page.context().close();
  });

  test(`the screens on a phone look as accepted, ${theme}`, async ({ browser }) => {
    test.setTimeout(120_000);
    const page = await pictured(stack, browser, { theme, width: 390 });
    await stack.signIn(page);
    for (const name of PHONE) {
      await page.goto(stack.portal + (screens[name] ?? ''));
      await compare(page, `${name}-390-${theme}`);
    }
    await page.context().close();
  });
}

import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { startStack, type Stack } from '../stack/stack.ts';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(() => stack.stop());

const PAGES = [
  '/',
  '/use/concurrent',
  '/use/sessions',
  '/administration/applications',
  '/administration/applications/new',
  '/administration/agents',
  '/administration/health',
  '/administration/rejected',
];

test('no page opens without signing in', async ({ page }) => {
  for (const path of PAGES) {
    await page.goto(stack.portal + path);
    expect(new URL(page.url()).pathname).toBe('/sign-in');
  }
});

test('a wrong password is refused and the right one opens the Overview', async ({ page }) => {
  await page.goto(`${stack.portal}/sign-in`);
  await page.locator('#account').fill('default');
  await page.locator('#login').fill('admin');
  await page.locator('#password').fill('not the password');
  await page.locator('#password').press('Enter');
  await expect(page.getByRole('alert').first()).toBeVisible();
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await stack.signIn(page);
  expect(new URL(page.url()).pathname).toBe('/');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every page loads and axe finds nothing to complain of, ${colorScheme}`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme });
    const page = await context.newPage();
    await stack.signIn(page);
    for (const path of PAGES) {
      const response = await page.goto(stack.portal + path);
      expect(response?.status(), path).toBe(200);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
      expect(found, path).toEqual([]);
    }
    await context.close();
  });
}

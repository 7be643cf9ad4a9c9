import { expect, test } from '@playwright/test';
import { Script } from '../stack/script.ts';
import { startStack, type Stack } from '../stack/stack.ts';

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(() => stack.stop());

test('an application added in the portal changes what is recorded, and the Overview follows without reload', async ({
  page,
}) => {
  test.setTimeout(120_000);
  await stack.manager.monitorOnly([]);
  await stack.signIn(page);
  const script = new Script(stack);
  try {
    await script.openInEditor('draft.txt');
    await page.goto(stack.portal);
    await expect(page.getByText('draft.txt')).toHaveCount(0);

    await page.goto(`${stack.portal}/administration/applications/new`);
    await page.locator('#name').fill('Mousepad');
    await page.locator('[name="rules.0.executable"]').fill('mousepad');
    await page.locator('#inactiveSeconds').fill('5');
    await page.locator('#inactiveSeconds').press('Enter');
    await page.waitForURL((url) => !url.pathname.endsWith('/new'));

    await page.goto(stack.portal);
    await page.evaluate("document.body.setAttribute('data-not-reloaded', 'yes')");
    const row = page.locator('tr', { hasText: 'draft.txt' });
    await expect(row).toBeVisible({ timeout: 20_000 });
    await script.focus('draft.txt');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await script.type('draft.txt', 4000);
    await expect(row.getByText('Active', { exact: true })).toBeVisible({ timeout: 10_000 });
    await expect(row.getByText('Inactive', { exact: true })).toBeVisible({ timeout: 20_000 });
    await expect(page.locator('body[data-not-reloaded]')).toHaveCount(1);
  } finally {
    await script.end();
  }
});

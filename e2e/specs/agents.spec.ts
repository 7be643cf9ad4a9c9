import { expect, test } from '@playwright/test';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';

const MANY = 230;
let stack: RecordedStack;
test.beforeAll(async () => {
  stack = await startRecordedStack();
  await stack.api.database.pool.query(
    `insert into agent (external_id, account_id, public_key, computer, machine, user_name, desktop, platform, version)
     select 'many' || translate(lpad(n::text, 8, 'a'), '0123456789', 'bcdefghijk'), $1, 'many-' || n,
       'LAB-' || lpad(n::text, 3, '0'), 'm', 'lab', ':1', 'linux', '0.1.0' from generate_series(1, $2::int) n`,
    [stack.api.account, MANY],
  );
});
test.afterAll(() => stack.stop());

test('agents come in pages, which a filter and a search begin anew', async ({ page }) => {
  await stack.signIn(page);
  await page.goto(`${stack.portal}/administration/agents`);
  const computers = (): Promise<string[]> => page.locator('tbody tr td:first-child').allTextContents();
  const all = Number(
    (await page.locator('.filterbar a', { hasText: 'All' }).locator('b').textContent())?.replaceAll(',', ''),
  );
  expect(all).toBeGreaterThan(MANY);

  const seen = await computers();
  expect(seen).toHaveLength(100);
  await expect(page.getByRole('link', { name: 'Previous' })).toHaveCount(0);
  while (seen.length < all) {
    const before = page.url();
    await page.getByRole('link', { name: 'Next' }).click();
    await expect(page).not.toHaveURL(before);
    await expect.poll(async () => seen.includes((await computers())[0] ?? '')).toBe(false);
    await expect(page.locator('tbody tr td:first-child').first()).not.toHaveText(seen.at(-100) ?? '');
    seen.push(...(await computers()));
  }
  await expect(page.getByRole('link', { name: 'Next' })).toHaveCount(0);
  expect(new Set(seen).size).toBe(all);
  await page.getByRole('link', { name: 'Previous' }).click();
  await expect.poll(computers).toEqual(seen.slice(100, 200));

  // From the middle of a list, another kind begins at its beginning.
  await page.locator('.filterbar a', { hasText: 'Never seen' }).click();
  await expect.poll(computers).toContain('LAB-001');
  await page.getByRole('searchbox', { name: 'Computer or user' }).fill('lab-23');
  await page.getByRole('searchbox', { name: 'Computer or user' }).press('Enter');
  await expect.poll(computers).toEqual(['LAB-230']);
});

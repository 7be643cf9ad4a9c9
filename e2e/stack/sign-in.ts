import type { Page } from '@playwright/test';

/** Signs the first administrator in, as somebody at the keyboard does. */
export async function signIn(
  page: Page,
  portal: string,
  { account = 'default', password }: { account?: string | undefined; password: string },
): Promise<void> {
  await page.goto(`${portal}/sign-in`);
  await page.locator('#account').fill(account);
  await page.locator('#login').fill('admin');
  await page.locator('#password').fill(password);
  await page.locator('#password').press('Enter');
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
}

import { expect, type Browser, type Page } from '@playwright/test';
import type { RecordedStack } from './recorded-stack.ts';

export type Theme = 'light' | 'dark';
export const THEMES: readonly Theme[] = ['light', 'dark'];

/** A page of its own, in whose browser the clock stands still. */
export async function pictured(
  stack: RecordedStack,
  browser: Browser,
  look: { theme: Theme; width: number },
): Promise<Page> {
  const viewport = { width: look.width, height: 900 };
  const context = await browser.newContext({
    colorScheme: look.theme,
    viewport,
    timezoneId: 'Europe/Oslo',
  });
  await stack.fix(context);
  return context.newPage();
}

/** What a page still has to do before it stands still. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  if (new URL(page.url()).pathname === '/') await expect(page.locator('.live')).toBeVisible();
}

/** Compares a page with its accepted picture. */
export async function compare(page: Page, name: string): Promise<void> {
  await settled(page);
  // The address of the portal under test is another each time.
  const mask = [page.locator('.form > div > p.soft')];
  await expect.soft(page, `screen ${name}`).toHaveScreenshot(`${name}.png`, { mask });
}

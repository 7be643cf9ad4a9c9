import { gzipSync } from 'node:zlib';
import { expect, test, type Page } from '@playwright/test';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';

const BYTES_MOST = 60_000;
const REPORT = '/use/concurrent';

let stack: RecordedStack;
test.beforeAll(async () => {
  stack = await startRecordedStack();
});
test.afterAll(() => stack.stop());
test.beforeEach(async ({ page, context }) => {
  await stack.fix(context);
  await stack.signIn(page);
});

/** Opens a page and adds up the scripts it asks for before anything is touched, after gzip. */
async function scriptBytes(page: Page, path: string): Promise<number> {
  await page.goto('about:blank');
  const asked = new Set<string>();
  page.on('request', (request) => {
    if (request.url().endsWith('.js')) asked.add(request.url());
  });
  await page.goto(stack.portal + path, { waitUntil: 'networkidle' });
  page.removeAllListeners('request');
  const sizes = [...asked].map(async (url) => {
    const answer = await page.request.get(url);
    return gzipSync(await answer.body(), { level: 9 }).length;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

test('a report loads no more than its budget, and what reads its chart only when it is touched', async ({
  page,
}) => {
  const bytes = await scriptBytes(page, REPORT);
  expect(bytes).toBeGreaterThan(30_000);
  expect(bytes).toBeLessThanOrEqual(BYTES_MOST);
  const loaded = page.waitForResponse((response) => response.url().endsWith('.js'));
  await page.getByRole('slider').hover();
  await loaded;
  await expect(page.locator('.tip')).toBeVisible();
});

test('a chart is walked by keys and opens the sessions of its moment', async ({ page }) => {
  await page.goto(stack.portal + REPORT, { waitUntil: 'networkidle' });
  const chart = page.getByRole('slider');
  await chart.press('End');
  await expect(chart).toHaveAttribute('aria-valuetext', /^Tue 17 Nov, 14:32: \d+ Active/);
  await chart.press('ArrowLeft');
  await expect(chart).toHaveAttribute('aria-valuetext', /^Tue 17 Nov, 14:31: /);
  await chart.press('Enter');
  await page.waitForURL((url) => url.pathname === '/use/sessions');
  expect(new URL(page.url()).searchParams.get('at')).toBe('2026-11-17T13:31:00.000Z');
});

test('dragging across a chart zooms in, and a key zooms out again', async ({ page }) => {
  await page.goto(stack.portal + REPORT, { waitUntil: 'networkidle' });
  const box = await page.getByRole('slider').boundingBox();
  if (box === null) throw new Error('the chart has no place');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.3, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL((url) => url.searchParams.has('from'));
  await expect(page.locator('.zoom [aria-current]')).toContainText('–');
  await page.keyboard.press('-');
  await expect(page.locator('.zoom [aria-current]')).toHaveText('Tue 17 Nov');
});

import { expect, test, type Page } from '@playwright/test';
import { walkByTab } from '../stack/focus-walk.ts';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';
import { screensOf } from '../stack/screens.ts';

let stack: RecordedStack;
let screens: Record<string, string>;
test.beforeAll(async () => {
  stack = await startRecordedStack();
  screens = await screensOf(stack);
});
test.afterAll(() => stack.stop());

const combobox = (page: Page) => page.getByRole('combobox', { name: 'Search or jump to' });
const help = (page: Page) => page.getByRole('dialog', { name: 'Keyboard' });
const address = (page: Page): string => page.url().slice(stack.portal.length);
const at = (name: string): string => stack.portal + (screens[name] ?? '');

/** Opens a page and waits until its scripts listen to keys. */
async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(async () => {
    await page.keyboard.press('Control+k');
    await expect(combobox(page)).toBeVisible({ timeout: 400 });
  }).toPass();
  await closeDialog(page);
}

async function closeDialog(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog[open]')).toHaveCount(0);
  await expect(page.locator('dialog :focus')).toHaveCount(0);
}

test('Tab reaches every control of every screen, and its ring is seen', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`${stack.portal}/sign-in`);
  expect.soft(await walkByTab(page), 'sign-in').toMatchObject({ missed: [], unseen: [] });
  await stack.signIn(page);
  for (const [name, path] of Object.entries(screens)) {
    await page.goto(stack.portal + path);
    const { missed, unseen, stops } = await walkByTab(page);
    expect.soft({ missed, unseen }, name).toEqual({ missed: [], unseen: [] });
    expect.soft(stops, name).toBeGreaterThan(1);
  }
});

test('Tab reaches every control at the width of a phone', async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 390, height: 844 });
  await stack.signIn(page);
  for (const name of ['overview', 'concurrent-day', 'sessions', 'session', 'applications', 'agents']) {
    await page.goto(at(name));
    const { missed, unseen } = await walkByTab(page);
    expect.soft({ missed, unseen }, name).toEqual({ missed: [], unseen: [] });
  }
});

test('lists and dialogs open by keys, close by Esc and give the focus back', async ({ page }) => {
  test.setTimeout(90_000);
  await stack.signIn(page);
  await open(page, at('sessions'));
  const lists = page.locator('.filterbar summary');
  for (let index = 0; index < (await lists.count()); index += 1) {
    const list = lists.nth(index);
    await list.focus();
    await page.keyboard.press('Enter');
    await expect(page.locator('details[open] .pop')).toBeVisible();
    await page.keyboard.press('Tab');
    await expect(page.locator('details[open] .pop :focus')).toHaveCount(1);
    await page.keyboard.press('Escape');
    await expect(page.locator('details[open]')).toHaveCount(0);
    await expect(list).toBeFocused();
  }
  await page.keyboard.press('Control+k');
  await expect(combobox(page)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(lists.last()).toBeFocused();
  await page.keyboard.press('?');
  await expect(help(page)).toBeVisible();
  expect(await walkByTab(page, 'dialog[open]')).toMatchObject({ missed: [], unseen: [] });
  await page.keyboard.press('Escape');
  await expect(lists.last()).toBeFocused();

  for (const [screen, button] of [
    ['application', 'Delete'],
    ['agent', 'Revoke'],
  ] as const) {
    await open(page, at(screen));
    const asks = page.getByRole('button', { name: button, exact: true });
    await asks.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await walkByTab(page, 'dialog[open]')).toMatchObject({ missed: [], unseen: [] });
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect(asks).toBeFocused();
  }
});

/** The box of a value in the filter that is open. */
const box = (page: Page, value: string) =>
  page.locator('details[open]').getByRole('checkbox', { name: value });
const shows = (page: Page) => page.locator('details[open]').getByRole('button', { name: /^Show/ });
const rows = (page: Page) => page.locator('tbody tr');
const answer = (page: Page) => page.locator('.answer');

/** What the button of the open filter says remains. */
async function promised(page: Page): Promise<number> {
  return Number((await shows(page).textContent())?.replaceAll(/\D/g, ''));
}

test('several values of a filter are searched and ticked by keys, and nothing changes until they are shown', async ({
  page,
}) => {
  await stack.signIn(page);
  await open(page, at('sessions'));
  const before = await answer(page).textContent();
  const user = page.locator('summary', { hasText: 'User' });
  await user.press('Enter');
  const find = page.getByRole('searchbox', { name: 'Find user' });
  await expect(find).toBeFocused();
  await page.keyboard.type('nobody');
  await expect(page.getByText('Nothing is named like “nobody”.')).toBeVisible();
  await find.fill('s.tallm');
  await page.keyboard.press('Enter');
  await expect(find).toHaveValue('');
  await expect(box(page, 's.tallmark')).toBeChecked();
  const one = await promised(page);
  await find.fill('okoro');
  await page.keyboard.press('ArrowDown');
  await expect(box(page, 't.okoro-hale')).toBeFocused();
  await page.keyboard.press('Space');
  const both = await promised(page);
  expect(both).toBeGreaterThan(one);
  expect(await answer(page).textContent()).toBe(before);
  expect(address(page)).toBe('/use/sessions');
  await page.keyboard.press('ArrowUp');
  await expect(find).toBeFocused();
  await box(page, 't.okoro-hale').press('Enter');
  await page.waitForURL(/\?user=s\.tallmark&user=t\.okoro-hale$/);
  await expect(user).toBeFocused();
  await expect(user).toContainText('s.tallmark, t.okoro-hale');
  await expect(answer(page)).toContainText(`${String(both)} sessions`);
  expect(new Set(await rows(page).locator('.who').allTextContents())).toEqual(
    new Set(['s.tallmark', 't.okoro-hale']),
  );
});

test('a filter counts what the others leave, lists what yields nothing, and Esc takes nothing over', async ({
  page,
}) => {
  await stack.signIn(page);
  await open(page, `${at('sessions')}?user=s.tallmark`);
  const computer = page.locator('summary', { hasText: 'Computer' });
  await computer.press('Enter');
  await expect(page.locator('details[open] .opt')).toHaveCount(12);
  await expect(page.locator('details[open] .opt .end', { hasText: /^0$/ })).toHaveCount(11);
  await expect(page.getByRole('searchbox', { name: 'Find computer' })).toBeFocused();
  await box(page, 'WS-0101').press('Space');
  expect(await promised(page)).toBe(0);
  await page.keyboard.press('Escape');
  await expect(computer).toBeFocused();
  await computer.press('Enter');
  await expect(box(page, 'WS-0101')).not.toBeChecked();
  await page.keyboard.press('Escape');

  await page.locator('summary', { hasText: 'User' }).press('Enter');
  await page.locator('details[open]').getByRole('button', { name: 'Clear' }).press('Enter');
  const all = await promised(page);
  await shows(page).press('Enter');
  await page.waitForURL(/\/use\/sessions\??$/);
  await expect(answer(page)).toContainText(`${String(all)} sessions`);
  await page.goBack();
  await page.getByRole('link', { name: 'Remove the filter User' }).press('Enter');
  await page.waitForURL(/\/use\/sessions\??$/);
});

test('without scripts a filter is a plain form of several values that keeps the others', async ({
  browser,
}) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await stack.signIn(page);
  await page.goto(`${at('sessions')}?user=s.tallmark&user=t.okoro-hale`);
  await page.locator('summary', { hasText: 'Application' }).click();
  await box(page, 'CivilDraft 2026').check();
  await box(page, 'HydroSim Pro').check();
  await shows(page).click();
  await page.waitForURL(/user=s\.tallmark&user=t\.okoro-hale&app=civildraft-2026&app=hydrosim-pro/);
  await expect(page.locator('summary', { hasText: 'Application' })).toContainText(
    'CivilDraft 2026, HydroSim Pro',
  );
  await context.close();
});

const daysForm = (page: Page) => page.locator('form', { has: page.locator('[name=first]') });

test('days are picked in the calendar by keys, and by a plain form without scripts', async ({
  page,
  browser,
}) => {
  await stack.fix(page.context());
  await stack.signIn(page);
  await open(page, at('sessions'));
  await page.locator('.filterbar summary').first().press('Enter');
  const days = page.locator('.cal');
  await days.getByRole('button', { name: /^Tue 17 Nov 2026/ }).focus();
  for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowLeft']) await page.keyboard.press(key);
  await expect(days.getByRole('button', { name: /^Mon 26 Oct 2026/ })).toBeFocused();
  await page.keyboard.press('Enter');
  await days.getByRole('button', { name: /^Tue 27 Oct 2026/ }).press('Enter');
  await expect(page.locator('[name=first]')).toHaveValue('2026-10-26');
  await expect(page.locator('[name=last]')).toHaveValue('2026-10-27');
  await daysForm(page).getByRole('button', { name: 'Show' }).press('Enter');
  await page.waitForURL(/from=2026-10-26T00:00&to=2026-10-28T00:00/);

  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await stack.signIn(plain);
  await plain.goto(at('sessions'));
  await plain.locator('.filterbar summary').first().click();
  await plain.locator('[name=first]').fill('2026-11-10');
  await plain.locator('[name=last]').fill('2026-11-12');
  await daysForm(plain).getByRole('button', { name: 'Show' }).click();
  await plain.waitForURL(/from=2026-11-10T00:00&to=2026-11-13T00:00/);
  await context.close();
});

test('a month that comes late does not take the focus back', async ({ page }) => {
  await stack.fix(page.context());
  await stack.signIn(page);
  const month = Promise.withResolvers<void>();
  await page.route(/\/calendar\?month=2026-10/, async (route) => {
    await month.promise;
    await route.continue();
  });
  await open(page, at('sessions'));
  await page.locator('.filterbar summary').first().press('Enter');
  const days = page.locator('.cal');
  await days.getByRole('button', { name: /^Tue 17 Nov 2026/ }).focus();
  for (let n = 0; n < 3; n += 1) await page.keyboard.press('ArrowUp');
  await page.locator('[name=first]').focus();
  const came = page.waitForResponse(/\/calendar\?month=2026-10/);
  month.resolve();
  await came;
  await expect(days.getByRole('button', { name: /^Thu 1 Oct 2026/ })).toBeVisible();
  await expect(page.locator('[name=first]')).toBeFocused();
});

async function goes(page: Page, keys: string, where: RegExp): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
  await expect.poll(() => address(page)).toMatch(where);
}

/** What each line of the list of keys does, tried on a page. */
const SHORTCUTS: Record<string, (page: Page) => Promise<void>> = {
  'g o': (page) => goes(page, 'go', /^\/$/),
  'g u': (page) => goes(page, 'gu', /^\/use\/concurrent/),
  'g s': (page) => goes(page, 'gs', /^\/use\/sessions/),
  'g a': (page) => goes(page, 'ga', /^\/administration/),
  'Ctrl K': async (page) => {
    await page.keyboard.press('Control+k');
    await expect(combobox(page)).toBeFocused();
    await page.keyboard.type('health');
    await page.keyboard.press('Enter');
    await expect.poll(() => address(page)).toBe('/administration/health');
  },
  '/': async (page) => {
    await open(page, at('sessions'));
    await page.keyboard.press('/');
    await expect(page.locator('.filterbar summary').first()).toBeFocused();
  },
  e: async (page) => {
    for (const name of ['sessions', 'session', 'concurrent-day']) {
      await open(page, at(name));
      const download = page.waitForEvent('download');
      await page.keyboard.press('e');
      expect((await download).suggestedFilename()).toMatch(/\.csv$/);
    }
  },
  w: async (page) => {
    await open(page, at('overview'));
    await page.keyboard.press('w');
    await expect.poll(() => address(page)).toBe('/?wall');
    await page.keyboard.press('Escape');
    await expect.poll(() => address(page)).toBe('/');
  },
  '?': async (page) => {
    await page.keyboard.press('?');
    await expect(help(page)).toBeVisible();
    await closeDialog(page);
  },
  Esc: async (page) => {
    await open(page, at('concurrent-hour'));
    await page.keyboard.press('Escape');
    await expect.poll(() => address(page)).toContain('from=2026-11-17T00:00&to=2026-11-18T00:00');
  },
  '← →': async (page) => {
    await open(page, at('concurrent-day'));
    const chart = page.getByRole('slider').first();
    await chart.focus();
    // The first key only looks at the chart.
    for (const key of ['ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    await expect(chart).toHaveAttribute('aria-valuenow', '1');
    await page.keyboard.press('ArrowLeft');
    await expect(chart).toHaveAttribute('aria-valuenow', '0');
  },
  '↑ ↓': async (page) => {
    await open(page, at('session'));
    const line = page.getByRole('group', { name: /^Time line/ });
    await line.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => address(page)).toContain('sel=');
  },
  '+ − 0': async (page) => {
    await open(page, at('concurrent-day'));
    await page.keyboard.press('+');
    await expect.poll(() => address(page)).toMatch(/from=2026-11-17T\d\d:00&to=2026-11-17T/);
    await page.keyboard.press('-');
    await expect.poll(() => address(page)).toContain('to=2026-11-18T00:00');
    await page.keyboard.press('0');
    await expect.poll(() => address(page)).toMatch(/from=2026-08-20|range=90d/);
  },
  '[ ]': async (page) => {
    await open(page, at('concurrent-day'));
    await page.keyboard.press('[');
    await expect.poll(() => address(page)).toContain('from=2026-11-16T00:00');
    await page.keyboard.press(']');
    await expect.poll(() => address(page)).toContain('from=2026-11-17T00:00');
  },
  t: async (page) => {
    await open(page, at('concurrent-day'));
    const table = page.getByRole('heading', { name: 'The same figures as a table' });
    await expect(table).toBeVisible();
    await page.keyboard.press('t');
    await expect(table).toBeHidden();
    await page.keyboard.press('t');
    await expect(page.getByRole('slider')).toHaveCount(0);
  },
  Enter: async (page) => {
    await open(page, at('concurrent-day'));
    await page.getByRole('slider').first().focus();
    for (const key of ['ArrowRight', 'Enter']) await page.keyboard.press(key);
    await expect.poll(() => address(page)).toMatch(/^\/use\/sessions\?.*at=/);
  },
};

test('the list of keys names those that exist, and each does what it says', async ({ page }) => {
  test.setTimeout(120_000);
  await stack.fix(page.context());
  await stack.signIn(page);
  await open(page, at('health'));
  await page.keyboard.press('?');
  await expect(help(page)).toBeVisible();
  const lines = await help(page).locator('dt').all();
  const listed = await Promise.all(
    lines.map(async (line) => (await line.locator('kbd').allInnerTexts()).join(' ')),
  );
  await closeDialog(page);
  expect(listed.toSorted()).toEqual(Object.keys(SHORTCUTS).toSorted());
  for (const [keys, does] of Object.entries(SHORTCUTS)) await test.step(keys, () => does(page));
});

test('single letters can be switched off', async ({ page }) => {
  await stack.signIn(page);
  await open(page, at('health'));
  await page.keyboard.press('?');
  await page.getByRole('checkbox', { name: 'Single letters act' }).uncheck();
  await closeDialog(page);
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.keyboard.press('Control+k');
  await expect(combobox(page)).toBeFocused();
  expect(address(page)).toBe('/administration/health');
});

test('a list of objects on a phone keeps the roles of a table', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await stack.signIn(page);
  for (const name of ['sessions', 'agents', 'applications']) {
    await page.goto(at(name));
    const table = page.getByRole('table');
    await expect(table.getByRole('columnheader')).not.toHaveCount(0);
    const cells = table.getByRole('row').nth(1).getByRole('cell');
    await expect(cells).not.toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  }
});

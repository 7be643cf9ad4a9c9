import { expect, test, type Page } from '@playwright/test';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';

let stack: RecordedStack;
test.beforeAll(async () => {
  stack = await startRecordedStack();
});
test.afterAll(() => stack.stop());

/** Scripts that run have kept what was typed. */
const kept = (page: Page): Promise<void> =>
  expect
    .poll(() => page.evaluate('Object.keys(sessionStorage).some((key) => key.startsWith("pm-draft"))'))
    .toBe(true);

/** A reload with unsaved changes is asked about; here the answer is always yes. */
async function reload(page: Page): Promise<string[]> {
  const asked: string[] = [];
  page.once('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await page.reload();
  return asked;
}

test('what was typed into the form of an application survives a reload, and can be discarded', async ({
  page,
}) => {
  await stack.signIn(page);
  await page.goto(`${stack.portal}/administration/applications/civildraft-2026`);
  await page.getByRole('button', { name: 'Add another rule' }).click();
  await page.locator('#inactiveSeconds').fill('90');
  await page.locator('[name="rules.2.executable"]').fill('cd27');
  await page.getByRole('checkbox').check();
  await page.locator('[name="titlePrivacy"]').selectOption('drop');

  await kept(page);
  expect(await reload(page)).toEqual(['beforeunload']);
  await expect(page.getByText('did not save is back')).toBeVisible();
  await expect(page.locator('#inactiveSeconds')).toHaveValue('90');
  await expect(page.locator('[name="rules.2.executable"]')).toHaveValue('cd27');
  await expect(page.getByRole('checkbox')).toBeChecked();
  await expect(page.locator('[name="titlePrivacy"]')).toHaveValue('drop');

  // Another page of the portal and back: nothing is asked, nothing is lost.
  await page.getByRole('link', { name: 'Agents' }).click();
  await page.waitForURL(/agents/);
  await page.goBack();
  await expect(page.locator('#inactiveSeconds')).toHaveValue('90');

  await page.getByRole('button', { name: 'Discard it' }).click();
  await expect(page.locator('#inactiveSeconds')).toHaveValue('60');
  await expect(page.locator('[name="rules.2.executable"]')).toHaveCount(0);
  await expect(page.locator('[name="rules.0.executable"]')).toHaveValue('civildraft*');
  await expect(page.getByRole('checkbox')).not.toBeChecked();
  expect(await reload(page)).toEqual([]);
  await expect(page.locator('#inactiveSeconds')).toHaveValue('60');
  await expect(page.getByText('did not save is back')).toHaveCount(0);
});

test('a saved form leaves no draft, one over a change of somebody else warns', async ({ page }) => {
  await stack.signIn(page);
  const address = `${stack.portal}/administration/applications/terrain-studio`;
  await page.goto(address);
  await page.locator('#timeoutMinutes').fill('20');
  await page.getByRole('button', { name: /^Save and send/ }).click();
  await page.waitForURL(/saved/);
  await page.goto(address);
  await expect(page.locator('#timeoutMinutes')).toHaveValue('20');
  await expect(page.getByText('before is back')).toHaveCount(0);

  await page.locator('#timeoutMinutes').fill('25');
  await kept(page);
  const { json } = await stack.api.call('GET', 'applications/terrain-studio');
  const change = await stack.api.call('PUT', 'applications/terrain-studio', {
    ...pick(json),
    inactiveAfterMs: 30_000,
  });
  expect(change.status).toBe(200);
  await reload(page);
  await expect(page.getByText('somebody saved a change')).toBeVisible();
  await expect(page.locator('#timeoutMinutes')).toHaveValue('25');
});

/** What the API takes back of an application. */
function pick(application: Record<string, unknown>): object {
  const names =
    'name rules inactiveAfterMs timeoutAfterMs countBusyAsActive busyCpuShare titlePrivacy pathPrivacy revision';
  return Object.fromEntries(names.split(' ').map((name) => [name, application[name]]));
}

test('the code form keeps what was typed until a code is made', async ({ page }) => {
  await stack.signIn(page);
  await page.goto(`${stack.portal}/administration/agents`);
  await page.locator('#label').fill('WS-0999');
  await kept(page);
  await reload(page);
  await expect(page.locator('#label')).toHaveValue('WS-0999');
  await page.getByRole('button', { name: 'Make a code' }).click();
  await expect(page.getByText('The code is ready.')).toBeVisible();
  expect(await reload(page)).toEqual([]);
  await expect(page.locator('#label')).toHaveValue('');
});

test('what is typed before the scripts run stays, and what is clicked is done', async ({ page }) => {
  await stack.signIn(page);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.js', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${stack.portal}/administration/applications/hydrosim-pro`, { waitUntil: 'commit' });
  await page.locator('#name').fill('HydroSim early');
  await page.locator('[name="rules.0.path"]').fill('/early/*');
  await page.getByRole('checkbox').check();
  await page.locator('[name="pathPrivacy"]').selectOption('keep');
  await page.getByRole('button', { name: 'Add another rule' }).click();
  await page.getByRole('button', { name: 'Add another rule' }).click();
  release();
  // Each click made one rule, and not more when the scripts have run.
  await expect(page.getByRole('group', { name: /^Rule \d/ })).toHaveCount(3);
  // The scripts run when the key opens the palette.
  await expect(async () => {
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('combobox', { name: 'Search or jump to' })).toBeVisible({ timeout: 300 });
  }).toPass();
  await page.keyboard.press('Escape');
  await expect(page.locator('#name')).toHaveValue('HydroSim early');
  await expect(page.locator('[name="rules.0.path"]')).toHaveValue('/early/*');
  await expect(page.getByRole('checkbox')).toBeChecked();
  await expect(page.locator('[name="pathPrivacy"]')).toHaveValue('keep');
});

test('without scripts an application is changed by a plain form', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await stack.signIn(page);
  await page.goto(`${stack.portal}/administration/applications/hydrosim-pro`);
  await page.locator('#inactiveSeconds').fill('45');
  await page.locator('[name="pathPrivacy"]').selectOption('drop');
  await page.getByRole('button', { name: /^Save and send/ }).click();
  await page.waitForURL(/saved/);
  await expect(page.locator('#inactiveSeconds')).toHaveValue('45');
  await expect(page.locator('[name="pathPrivacy"]')).toHaveValue('drop');
  await context.close();
});

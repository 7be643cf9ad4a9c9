import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';

let stack: RecordedStack;
test.beforeAll(async () => {
  stack = await startRecordedStack();
  await stack.api.database.pool.query(
    `with made as (
       insert into declared (account_id, cluster, kind, namespace, name, uid, made_at, generation, spec, changed_at)
       values ($1, 'c', 'MonitoredApplication', 'metering', 'civil-draft', 'u', now(), 1, '{}', now()) returning id
     )
     update application set declared_id = made.id from made where slug = 'civildraft-2026'`,
    [stack.api.account],
  );
});
test.afterAll(() => stack.stop());

test('an application that a resource declares is named in the list and read-only on its page', async ({
  page,
}) => {
  await stack.signIn(page);
  await page.goto(`${stack.portal}/administration/applications`);
  await expect(page.getByText('Kubernetes: metering/civil-draft')).toBeVisible();
  await page.getByRole('link', { name: 'CivilDraft 2026' }).first().click();
  await expect(
    page.getByText('kubectl edit monitoredapplication civil-draft --namespace metering'),
  ).toBeVisible();
  await expect(page.locator('main').getByRole('textbox')).toHaveCount(0);
  await expect(page.getByRole('button', { name: /save|remove|delete/i })).toHaveCount(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
});

test('one that people made is still theirs to change', async ({ page }) => {
  await stack.signIn(page);
  await page.goto(`${stack.portal}/administration/applications/hydrosim-pro`);
  await expect(page.locator('main').getByRole('textbox').first()).toBeVisible();
});

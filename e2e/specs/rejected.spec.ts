import { test, expect } from '@playwright/test';
import {
  deriveAgentKey,
  encodeBatch,
  HEADER,
  macHeader,
  recordSubject,
  type AgentRecord,
} from '@process-meter/contract';
import { AGENTS, FIXED_NOW } from '../stack/recorded-data.ts';
import { startRecordedStack, type RecordedStack } from '../stack/recorded-stack.ts';

const SECRET = 'Offer to Ann 4711';
const APPLICATION = 900_001;
let stack: RecordedStack;

test.beforeAll(async () => {
  stack = await startRecordedStack();
  await refuse();
});
test.afterAll(() => stack.stop());

/** A batch as ingest keeps it when its application is not known. */
async function refuse(): Promise<void> {
  const [agent] = AGENTS;
  if (agent === undefined) throw new Error('there is no agent');
  const ids = { session: '0000000000000001', document: '0000000000000002' };
  const at = FIXED_NOW - 7_200_000;
  const records: AgentRecord[] = [
    {
      kind: 'document',
      seq: 1,
      ...ids,
      name: SECRET,
      path: '',
      source: 'file',
      confidence: 90,
      opened: at,
      closed: null,
      closeCause: null,
    },
    {
      kind: 'segment',
      seq: 2,
      ...ids,
      application: APPLICATION,
      started: at,
      ended: at + 60_000,
      state: 1,
      cause: 1,
      flags: 0,
    },
  ];
  const of = { account: 'default', agent: agent.id, epoch: 7, sentAt: at };
  const { body, encoding } = encodeBatch({ ...of, records, open: null });
  const subject = recordSubject('default', agent.id);
  const { kid, key } = stack.api.secrets.masterMac;
  const headers = {
    [HEADER.mac]: macHeader(deriveAgentKey(key, kid, agent.id), kid, { subject, epoch: 7, seq: 1, body }),
    [HEADER.epoch]: '7',
    [HEADER.seq]: '1',
    [HEADER.encoding]: encoding,
  };
  await stack.api.database.pool.query(
    `insert into dead_letter (received_at, account_id, agent_id, subject, stream_seq, stream_at, code, reason, headers, body)
     select $2, account_id, id, $3, 2, $2, 'PM-6008', 'The application is not of this account.', $4, $5
     from agent where external_id = $1`,
    [agent.id, new Date(at), subject, JSON.stringify(headers), body],
  );
}

test.use({ javaScriptEnabled: false });

test('a refused batch is shown with its reason and a sample without texts, and is counted after the fix and a replay', async ({
  page,
}) => {
  await stack.signIn(page);
  await page.goto(`${stack.portal}/administration/agents`);
  await page.getByRole('link', { name: 'Rejected records' }).click();
  const row = page.getByRole('row', { name: /PM-6008/ });
  await expect(row).toContainText('The application is not of this account.');
  await row.getByRole('button', { name: /^Replay/ }).click();
  await expect(page.getByRole('status')).toContainText('1 was refused again');
  await row.getByRole('link', { name: 'Sample' }).click();
  await expect(page.getByText('kind: document')).toContainText(`name: (text of ${SECRET.length})`);
  expect(await page.content()).not.toContain(SECRET);
  await stack.api.database.pool.query(
    `insert into application (id, account_id, slug, name, rules, inactive_after_ms, timeout_after_ms,
       count_busy_as_active, busy_cpu_share, title_privacy, path_privacy, revision)
     overriding system value
     select $1, id, 'late', 'Late', '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1 from account limit 1`,
    [APPLICATION],
  );
  await page.getByRole('button', { name: 'Replay' }).click();
  await expect(page.getByRole('status')).toContainText('1 batch was replayed: 2 records are counted now.');
  await expect(page.getByText('It was replayed on')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Replay' })).toHaveCount(0);
  await page.goto(`${stack.portal}/administration/rejected`);
  await expect(page.getByText('1 was replayed and is counted.')).toBeVisible();
  await expect(page.getByRole('row', { name: /PM-6008/ })).toHaveCount(0);
});

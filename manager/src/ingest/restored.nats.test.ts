import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createBackup } from '../backup/create.ts';
import { folderPlace, storedFile } from '../backup/folder.ts';
import { restoreBackup } from '../backup/restore.ts';
import { testChain, type TestAgent, type TestChain } from '../testing/chain.ts';
import { testIngest } from '../testing/ingest.ts';
import { SampleAgent, type Step } from '../testing/sample-agent.ts';
import { emptyDatabase, type TestDatabase } from '../testing/template-db.ts';

let chain: TestChain;
let restored: TestDatabase;
let dir = '';

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  restored = await emptyDatabase(inject('postgresUrl'));
  dir = mkdtempSync(join(tmpdir(), 'pm-restored-'));
});
afterAll(async () => {
  await chain.close();
  await restored.drop();
  rmSync(dir, { recursive: true });
});

const segments = async ({ pool }: Pick<TestDatabase, 'pool'>): Promise<unknown[]> =>
  (await pool.query('select agent_id, epoch, seq, started, ended, state from segment order by 1, 2, 3')).rows;

const STEP: Step = { minutes: 5, document: 0, act: 1, hold: false, send: 'records and snapshot' };

/** Somebody changes between two states, and all of it is committed. */
async function work(agent: TestAgent, desktop: SampleAgent, changes: number): Promise<void> {
  const before = (await segments(chain.database)).length;
  for (let n = 0; n < changes; n += 1) {
    const news = desktop.take({ ...STEP, act: n % 2 === 0 ? 2 : 1 });
    if (news !== null) await agent.send(news.records, news.open);
  }
  await expect.poll(async () => (await segments(chain.database)).length).toBe(before + changes);
}

test('what came after the backup is taken from the stream again, once, and nothing twice', async () => {
  const agent = await chain.enrol();
  const desktop = new SampleAgent(chain.application, Date.now() - 86_400_000);
  const first = desktop.take(STEP);
  const ingest = await testIngest(chain);
  await agent.send(first!.records, first!.open);
  await work(agent, desktop, 6);
  const { pool } = chain.database;
  const place = folderPlace(dir);
  const { location } = await createBackup({ pool, place, recipients: [], filesDir: undefined });
  await work(agent, desktop, 8);
  await ingest.stop();

  const stored = storedFile(location);
  await restoreBackup(restored, { stored, identity: undefined, filesDir: undefined });
  expect(await segments(restored)).toHaveLength(6);
  const onRestored: TestChain = { ...chain, database: restored };
  // Two at once, as there always are.
  const both = await Promise.all([testIngest(onRestored), testIngest(onRestored)]);
  await expect.poll(() => segments(restored)).toEqual(await segments(chain.database));
  const news = desktop.take({ ...STEP, act: 3 });
  await agent.send(news!.records, news!.open);
  await expect.poll(async () => (await segments(restored)).length).toBe(15);
  await Promise.all(both.map((one) => one.stop()));

  // A start that follows does not begin anew.
  const again = await testIngest(onRestored);
  const last = desktop.take({ ...STEP, act: 1 });
  await agent.send(last!.records, last!.open);
  await expect.poll(async () => (await segments(restored)).length).toBe(16);
  const { rows } = await restored.pool.query(
    'select count(*)::int as doubled from (select from segment group by agent_id, epoch, seq having count(*) > 1) d',
  );
  expect(rows).toEqual([{ doubled: 0 }]);
  await again.stop();
});

import {
  agentApplicationSchema,
  agentConfigSchema,
  type AgentApplication,
  type AgentConfig,
} from '@process-meter/contract';
import type { Db } from '../db/index.ts';

export interface AccountConfig {
  account: string;
  config: AgentConfig;
}

/** The configuration of an account as all its agents get it. Read in one statement order that never mixes revisions. */
export async function accountConfig(db: Db, accountId: number): Promise<AccountConfig | undefined> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const account = await tx
        .selectFrom('account')
        .select(['slug', 'config_revision', 'hash_key'])
        .where('id', '=', accountId)
        .executeTakeFirst();
      if (account === undefined) return undefined;
      const rows = await tx
        .selectFrom('application')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('deleted_at', 'is', null)
        .orderBy('id')
        .execute();
      const applications = rows.map((row): AgentApplication =>
        agentApplicationSchema.parse({
          id: row.id,
          slug: row.slug,
          name: row.name,
          rules: row.rules,
          inactiveAfterMs: row.inactive_after_ms,
          timeoutAfterMs: row.timeout_after_ms,
          countBusyAsActive: row.count_busy_as_active,
          busyCpuShare: row.busy_cpu_share,
          titlePrivacy: row.title_privacy,
          pathPrivacy: row.path_privacy,
        }),
      );
      const config = agentConfigSchema.parse({
        revision: account.config_revision,
        applications,
        hashKey: account.hash_key,
      });
      return { account: account.slug, config };
    });
}

/** External ids of the agents of an account that are not revoked. */
export async function agentsOf(db: Db, accountId: number): Promise<string[]> {
  const rows = await db
    .selectFrom('agent')
    .select('external_id')
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map((row) => row.external_id);
}

export async function revisionOf(db: Db, accountId: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('account')
    .select('config_revision')
    .where('id', '=', accountId)
    .executeTakeFirst();
  return row?.config_revision;
}

export async function accountIds(db: Db): Promise<number[]> {
  const rows = await db.selectFrom('account').select('id').orderBy('id').execute();
  return rows.map((row) => row.id);
}

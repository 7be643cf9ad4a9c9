import { AppError, type AgentConfig, type DownSigner } from '@process-meter/contract';
import type { Db } from '../db/index.ts';
import type { Hub } from '../hub/index.ts';
import type { Log } from '../log.ts';
import { accountConfig, accountIds, agentsOf, revisionOf } from './store.ts';

export interface ConfigPush {
  /** The configuration of the account changed: bring it to all its agents, in the background, until it is done. */
  changed(accountId: number): void;
  /** Gives one agent its configuration; what NATS does not take now is made up for when it is back. */
  toAgent(accountId: number, agent: string): Promise<void>;
  /** Everything to everyone: at the start and whenever NATS was away. */
  all(): void;
  /** Ends when nothing is waiting. For tests and the stop. */
  settled(): Promise<void>;
  stop(): void;
}

export interface ConfigPushDeps {
  db: Db;
  hub: Hub;
  signer: DownSigner;
  /** Authorities that agents trust the NATS servers by: each configuration brings them. */
  authorities: readonly string[];
  clock: () => number;
  log: Log;
}

/** Rewritten at every start of the Manager, so a year is far away for an agent that reads it. */
const VALID_MS = 400 * 86_400_000;
const AT_ONCE = 64;
const RETRY_MS = 2000;

export function createConfigPush(deps: ConfigPushDeps): ConfigPush {
  const waiting = new Set<number>();
  let worker: Promise<void> | undefined;
  let stopped = false;

  const work = async (): Promise<void> => {
    for (const accountId of waiting) {
      if (stopped || !deps.hub.connected()) return;
      waiting.delete(accountId);
      try {
        await pushAccount(deps, accountId);
      } catch (error) {
        deps.log.warn({ err: error, accountId }, 'the configuration waits for NATS');
        waiting.add(accountId);
        await new Promise((done) => setTimeout(done, RETRY_MS).unref());
      }
    }
  };
  const wake = (): void => {
    worker ??= work().finally(() => {
      worker = undefined;
      if (waiting.size > 0 && deps.hub.connected() && !stopped) wake();
    });
  };
  return {
    changed(accountId) {
      waiting.add(accountId);
      wake();
    },
    async toAgent(accountId, agent) {
      try {
        const found = await accountConfig(deps.db, accountId);
        if (found !== undefined) await pushOne(deps, { account: found.account, agent }, found.config);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        deps.log.warn({ err: error, agent }, 'the first configuration waits for NATS');
        waiting.add(accountId);
      }
    },
    all() {
      void accountIds(deps.db)
        .then((ids) => {
          for (const id of ids) waiting.add(id);
          wake();
        })
        .catch((error: unknown) => deps.log.error({ err: error }, 'cannot read the accounts'));
    },
    settled: () => worker ?? Promise.resolve(),
    stop() {
      stopped = true;
    },
  };
}

/** Pushes until the revision stays the same: another Manager may have changed it meanwhile and been overwritten. */
async function pushAccount(deps: ConfigPushDeps, accountId: number): Promise<void> {
  let pushed: number | undefined;
  while (pushed !== (await revisionOf(deps.db, accountId))) {
    const found = await accountConfig(deps.db, accountId);
    if (found === undefined) return;
    const agents = await agentsOf(deps.db, accountId);
    for (let i = 0; i < agents.length; i += AT_ONCE) {
      const targets = agents.slice(i, i + AT_ONCE).map((agent) => ({ account: found.account, agent }));
      await Promise.all(targets.map((target) => pushOne(deps, target, found.config)));
    }
    pushed = found.config.revision;
    deps.log.info(
      { account: found.account, revision: pushed, agents: agents.length },
      'configuration pushed',
    );
  }
}

/** Kept first, then pushed: an agent that connects in between reads the new one. */
async function pushOne(
  { hub, signer, authorities, clock }: ConfigPushDeps,
  { account, agent }: { account: string; agent: string },
  config: AgentConfig,
): Promise<void> {
  const issuedAt = clock();
  const sealed = signer.seal({
    type: 'config',
    to: agent,
    issuedAt,
    expiresAt: issuedAt + VALID_MS,
    config,
    authorities: [...authorities],
  });
  await hub.putConfig(account, agent, sealed);
  hub.sendDown(account, agent, sealed);
}

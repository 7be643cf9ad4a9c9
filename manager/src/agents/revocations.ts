import type { Db } from '../db/index.ts';
import type { Log } from '../log.ts';
import { AGENT_JWT_MS, type AccountClaims } from '../nats-trust/index.ts';
import { revokedKeys } from './store.ts';

export interface Revocations {
  /** Tells the NATS servers now. @throws AppError PM-5003 when they do not answer; then `retry` makes up for it */
  publish(): Promise<void>;
  /** Tells them in the background, when NATS was away. */
  retry(): void;
}

/** An hour more than a JWT lives, for clocks that differ. */
const KEPT_MS = AGENT_JWT_MS + 3_600_000;

export function createRevocations(deps: {
  db: Db;
  claims: AccountClaims;
  clock: () => number;
  log: Log;
}): Revocations {
  const publish = async (): Promise<void> => {
    const keys = await revokedKeys(deps.db, new Date(deps.clock() - KEPT_MS));
    // Void is also what was signed a moment after, by a renewal that was under way: a revoked key never comes back.
    await deps.claims.push(new Map([...keys].map(([key, at]) => [key, at + KEPT_MS])));
  };
  return {
    publish,
    retry() {
      publish().catch((error: unknown) =>
        deps.log.error({ err: error }, 'revocations could not be told to NATS'),
      );
    },
  };
}

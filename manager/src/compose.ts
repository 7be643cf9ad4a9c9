import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import { createAccess, createServiceAccess } from './access/index.ts';
import { createRevocations } from './agents/index.ts';
import type { AppDeps } from './app.ts';
import { createConfigPush } from './config-push/index.ts';
import type { Db } from './db/index.ts';
import type { Hub } from './hub/index.ts';
import { createReplay } from './ingest/index.ts';
import { createLimits } from './limits/index.ts';
import { createLiveBoard } from './live/index.ts';
import type { Log } from './log.ts';
import { accountClaims, agentCredentials, type Secrets } from './nats-trust/index.ts';

export interface Parts {
  db: Db;
  pool: Pool;
  hub: Hub;
  secrets: Secrets;
  natsUrl: string;
  publicNatsUrls: readonly string[];
  authorities: readonly string[];
  trustedProxies: string[];
  /** Token of the operator in Kubernetes, where there is one. */
  serviceToken: string | undefined;
  metrics: Registry;
  clock: () => number;
  log: Log;
}

/** Makes the services of the API from what is outside of it. The one place where they are put together. */
export function compose(parts: Parts): AppDeps {
  const { db, pool, hub, secrets, clock, log } = parts;
  const credentials = agentCredentials(secrets);
  const limits = createLimits({ db, clock });
  const claims = accountClaims({ secrets, servers: parts.natsUrl, clock });
  return {
    db,
    pool,
    hub,
    credentials,
    clock,
    log,
    metrics: parts.metrics,
    publicNatsUrls: parts.publicNatsUrls,
    authorities: parts.authorities,
    trustedProxies: parts.trustedProxies,
    limits,
    access: createAccess({ db, clock, limits }),
    serviceAccess: createServiceAccess({ db, token: parts.serviceToken }),
    revocations: createRevocations({ db, claims, clock, log }),
    configPush: createConfigPush({
      db,
      hub,
      signer: credentials.signer,
      authorities: parts.authorities,
      clock,
      log,
    }),
    replay: createReplay({
      pool,
      masters: new Map([[secrets.masterMac.kid, secrets.masterMac.key]]),
      clock,
    }),
    board: createLiveBoard({ pool, hub, credentials, clock, log }),
  };
}

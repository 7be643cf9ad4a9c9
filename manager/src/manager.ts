import type { Registry } from 'prom-client';
import { createAccess, firstStart } from './access/index.ts';
import { createRevocations, PresenceKeeper } from './agents/index.ts';
import { buildApp } from './app.ts';
import { createConfigPush } from './config-push/index.ts';
import type { ManagerConfig } from './config.ts';
import { awaitSchema, connectDatabase } from './db/index.ts';
import { connectHub } from './hub/index.ts';
import { createLiveBoard } from './live/index.ts';
import type { Log } from './log.ts';
import { accountClaims, agentCredentials, readSecrets } from './nats-trust/index.ts';

export interface ManagerDeps {
  config: ManagerConfig;
  log: Log;
  metrics: Registry;
  clock: () => number;
  print: (line: string) => void;
}

export interface Manager {
  /** `http://host:port` */
  url: string;
  stop(): Promise<void>;
}

/** Wires the Manager and listens. @throws when the secrets, the schema or the port are not to be had */
export async function startManager({ config, log, metrics, clock, print }: ManagerDeps): Promise<Manager> {
  const secrets = readSecrets(config.secretsDir);
  const connection = connectDatabase(config.databaseUrl);
  const { db, pool } = connection;
  await awaitSchema(db);
  await firstStart({ db, zone: config.timeZone, passwordFile: config.adminPasswordFile, print });
  const hub = await connectHub({ servers: config.natsUrl, credentials: secrets.manager, log });
  const credentials = agentCredentials(secrets);
  const claims = accountClaims({ secrets, servers: config.natsUrl, clock });
  const revocations = createRevocations({ db, claims, clock, log });
  const configPush = createConfigPush({ db, hub, signer: credentials.signer, clock, log });
  const presence = new PresenceKeeper({ db, credentials, clock, log, metrics });
  hub.onPresence((message) => presence.hear(message));
  hub.onConnected(() => {
    revocations.retry();
    configPush.all();
  });
  const board = createLiveBoard({ pool, hub, credentials, clock, log });
  const app = await buildApp({
    db,
    pool,
    hub,
    credentials,
    revocations,
    configPush,
    clock,
    log,
    metrics,
    board,
    access: createAccess({ db, clock }),
    publicNatsUrls: config.publicNatsUrls,
    trustedProxies: config.trustedProxies,
  });
  const url = await app.listen({ port: config.port, host: config.host });
  log.info({ url }, 'the Manager listens');
  return {
    url,
    async stop() {
      await app.close();
      board.stop();
      configPush.stop();
      await presence.stop();
      await hub.close();
      await connection.close();
    },
  };
}

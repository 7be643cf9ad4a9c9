import type { Registry } from 'prom-client';
import { firstStart } from './access/index.ts';
import { PresenceKeeper } from './agents/index.ts';
import { buildApp } from './app.ts';
import { compose } from './compose.ts';
import type { ManagerConfig } from './config.ts';
import { awaitSchema, connectDatabase } from './db/index.ts';
import { connectHub } from './hub/index.ts';
import type { Log } from './log.ts';
import { readSecrets } from './nats-trust/index.ts';
import { drain } from './plugins/index.ts';

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
  const hub = connectHub({
    servers: config.natsUrl,
    credentials: secrets.manager,
    log,
    streamReplicas: config.streamReplicas,
    streamBytes: config.streamBytes,
  });
  const deps = compose({ ...config, db, pool, hub, secrets, metrics, clock, log });
  const presence = new PresenceKeeper(deps);
  hub.onPresence((message) => presence.hear(message));
  hub.onConnected(() => {
    deps.revocations.retry();
    deps.configPush.all();
  });
  const app = await buildApp(deps);
  const url = await app.listen({ port: config.port, host: config.host });
  log.info({ url }, 'the Manager listens');
  return {
    url,
    async stop() {
      // To close cuts off whoever is being answered.
      await drain(app.server);
      await app.close();
      deps.board.stop();
      deps.configPush.stop();
      await presence.stop();
      await hub.close();
      await connection.close();
    },
  };
}

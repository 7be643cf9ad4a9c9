import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from './app.ts';
import { compose } from './compose.ts';
import { connectDatabase } from './db/index.ts';
import { noHub } from './hub/index.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { initSecrets, readSecrets } from './nats-trust/index.ts';

/** The OpenAPI document as text, made from the routes themselves; nothing is connected to. */
export async function apiDocument(now: number): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'pm-document-'));
  initSecrets(dir, now);
  const secrets = readSecrets(dir);
  rmSync(dir, { recursive: true });
  const connection = connectDatabase('postgres://127.0.0.1:1/none');
  const app = await buildApp(
    compose({
      db: connection.db,
      pool: connection.pool,
      hub: noHub(),
      secrets,
      natsUrl: 'nats://127.0.0.1:1',
      publicNatsUrls: [],
      authorities: [],
      trustedProxies: [],
      serviceToken: undefined,
      metrics: createMetrics('manager'),
      clock: () => now,
      log: createLog('manager', 'silent'),
    }),
  );
  await app.ready();
  const document = JSON.stringify(app.swagger(), null, 2);
  await app.close();
  await connection.close();
  return `${document}\n`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const environmentSchema = z.object({
  PM_DATABASE_URL: z.string().min(1),
  PM_NATS_URL: z.string().min(1),
  PM_SECRETS_DIR: z.string().min(1),
  PM_HOST: z.string().default('127.0.0.1'),
  PM_PORT: z.coerce.number().int().min(0).max(65_535).default(8081),
  PM_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Ms between two looks of the roller at the dirty log. */
  PM_ROLL_EVERY_MS: z.coerce.number().int().min(100).max(600_000).default(2000),
  /**
   * Ms after which a message without an acknowledgement is handed out again: how long the work of a process, or of a
   * NATS server, that was killed stays away.
   */
  PM_ACK_WAIT_MS: z.coerce.number().int().min(1000).max(600_000).default(15_000),
  /** Ms without news of an agent after which the server closes what it left open. */
  PM_CLOSE_AFTER_MS: z.coerce.number().int().min(1000).max(7_776_000_000).default(86_400_000),
  /** Ms between two looks for silent agents. */
  PM_CLOSE_EVERY_MS: z.coerce.number().int().min(100).max(3_600_000).default(60_000),
  /**
   * Ms after the start before times of ended sessions are kept: a process of an older version may still write during an
   * upgrade, and would not forget them.
   */
  PM_KEEP_TIMES_AFTER_MS: z.coerce.number().int().min(0).max(3_600_000).default(300_000),
});

const credentialsSchema = z.object({ jwt: z.string(), seed: z.string() });
const masterSchema = z.object({ kid: z.string(), key: z.string() });
const downKeySchema = z.object({ kid: z.string(), secret: z.string() });

export interface IngestConfig {
  databaseUrl: string;
  natsUrl: string;
  host: string;
  port: number;
  logLevel: z.infer<typeof environmentSchema>['PM_LOG_LEVEL'];
  rollEveryMs: number;
  ackWaitMs: number;
  closeAfterMs: number;
  closeEveryMs: number;
  keepTimesAfterMs: number;
  credentials: z.infer<typeof credentialsSchema>;
  /** Master keys by key id: all that agents may still use. */
  masters: ReadonlyMap<string, Buffer>;
  down: z.infer<typeof downKeySchema>;
}

/** Reads the environment and, of the secrets folder, only what ingest needs. Called once. */
export function readConfig(environment: NodeJS.ProcessEnv): IngestConfig {
  const env = environmentSchema.parse(environment);
  const secret = <T>(name: string, schema: z.ZodType<T>): T =>
    schema.parse(JSON.parse(readFileSync(join(env.PM_SECRETS_DIR, name), 'utf8')));
  const master = secret('master-mac.json', masterSchema);
  return {
    databaseUrl: env.PM_DATABASE_URL,
    natsUrl: env.PM_NATS_URL,
    host: env.PM_HOST,
    port: env.PM_PORT,
    logLevel: env.PM_LOG_LEVEL,
    rollEveryMs: env.PM_ROLL_EVERY_MS,
    ackWaitMs: env.PM_ACK_WAIT_MS,
    closeAfterMs: env.PM_CLOSE_AFTER_MS,
    closeEveryMs: env.PM_CLOSE_EVERY_MS,
    keepTimesAfterMs: env.PM_KEEP_TIMES_AFTER_MS,
    credentials: secret('ingest.creds.json', credentialsSchema),
    masters: new Map([[master.kid, Buffer.from(master.key, 'base64url')]]),
    down: secret('down-ingest.key', downKeySchema),
  };
}

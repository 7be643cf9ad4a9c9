import { readFileSync } from 'node:fs';
import { authoritiesIn, zoneSchema } from '@process-meter/contract';
import { z } from 'zod';
import { STREAM_BYTES } from './hub/index.ts';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** A stream that holds less is full before anybody could look. */
const STREAM_BYTES_LEAST = 16 * 1024 ** 2;

const schema = z.object({
  PM_DATABASE_URL: z.string().min(1),
  PM_NATS_URL: z.string().min(1),
  /** Copies that the NATS servers keep of each stream: 1, or 3 or 5 where there are so many of them. */
  PM_STREAM_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
  /** Room of the stream of records, bytes: the NATS servers must have it. */
  PM_STREAM_BYTES: z.coerce.number().int().min(STREAM_BYTES_LEAST).default(STREAM_BYTES),
  PM_SECRETS_DIR: z.string().min(1),
  PM_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  PM_HOST: z.string().default('127.0.0.1'),
  PM_PUBLIC_NATS_URLS: list.optional(),
  /** PEM file of the authorities by which alone agents trust the NATS servers; the computer's own without it. */
  PM_AGENT_AUTHORITIES_FILE: z.string().min(1).optional(),
  PM_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  PM_ADMIN_PASSWORD_FILE: z.string().min(1).optional(),
  /** File with the token that the operator in Kubernetes shows, at least 32 characters. */
  PM_SERVICE_TOKEN_FILE: z.string().min(1).optional(),
  /** Addresses or ranges whose `x-forwarded-*` headers are believed: the portal or an ingress. */
  PM_TRUSTED_PROXIES: list.default(['127.0.0.1', '::1']),
  /** Time zone of the account made at the first start. */
  PM_TIME_ZONE: zoneSchema.default('UTC'),
});

export interface ManagerConfig {
  databaseUrl: string;
  natsUrl: string;
  streamReplicas: number;
  streamBytes: number;
  secretsDir: string;
  port: number;
  host: string;
  /** NATS servers as agents reach them. */
  publicNatsUrls: readonly string[];
  /** Authorities that agents trust the NATS servers by, PEM; none leaves it to their computers. */
  authorities: readonly string[];
  logLevel: string;
  adminPasswordFile: string | undefined;
  serviceToken: string | undefined;
  trustedProxies: string[];
  timeZone: string;
}

/** Reads the environment once. @throws naming every variable that is wrong */
export function readConfig(env: NodeJS.ProcessEnv): ManagerConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const values = parsed.data;
  return {
    databaseUrl: values.PM_DATABASE_URL,
    natsUrl: values.PM_NATS_URL,
    streamReplicas: values.PM_STREAM_REPLICAS,
    streamBytes: values.PM_STREAM_BYTES,
    secretsDir: values.PM_SECRETS_DIR,
    port: values.PM_PORT,
    host: values.PM_HOST,
    publicNatsUrls: values.PM_PUBLIC_NATS_URLS ?? values.PM_NATS_URL.split(','),
    authorities: authoritiesOf(values.PM_AGENT_AUTHORITIES_FILE),
    logLevel: values.PM_LOG_LEVEL,
    adminPasswordFile: values.PM_ADMIN_PASSWORD_FILE,
    serviceToken: tokenIn(values.PM_SERVICE_TOKEN_FILE),
    trustedProxies: values.PM_TRUSTED_PROXIES,
    timeZone: values.PM_TIME_ZONE,
  };
}

function authoritiesOf(file: string | undefined): string[] {
  if (file === undefined) return [];
  const bundle = readFileSync(file, 'utf8');
  try {
    return authoritiesIn(bundle);
  } catch (cause) {
    throw new Error(`PM_AGENT_AUTHORITIES_FILE: ${file} holds no certificates in PEM`, { cause });
  }
}

function tokenIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const token = readFileSync(file, 'utf8').trim();
  if (token.length < 32)
    throw new Error(`PM_SERVICE_TOKEN_FILE: the token in ${file} has fewer than 32 characters`);
  return token;
}

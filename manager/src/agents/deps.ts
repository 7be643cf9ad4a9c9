import { randomBytes } from 'node:crypto';
import { agentIdSchema, base32Encode } from '@process-meter/contract';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { ConfigPush } from '../config-push/index.ts';
import type { Db } from '../db/index.ts';
import type { Hub } from '../hub/index.ts';
import type { Limits } from '../limits/index.ts';
import type { Log } from '../log.ts';
import type { AgentCredentials } from '../nats-trust/index.ts';
import type { Revocations } from './revocations.ts';

export interface AgentsDeps {
  db: Db;
  pool: Pool;
  hub: Hub;
  credentials: AgentCredentials;
  revocations: Revocations;
  configPush: ConfigPush;
  limits: Limits;
  clock: () => number;
  log: Log;
  /** NATS servers as agents reach them. */
  publicNatsUrls: readonly string[];
  /** Authorities that agents trust these servers by, PEM; none leaves it to their computers. */
  authorities: readonly string[];
}

export const agentParamsSchema = z.object({ id: agentIdSchema });

/** 60 random bits: 12 characters of lower-case base32. */
export const newAgentId = (): string => base32Encode(randomBytes(8)).toLowerCase().slice(0, 12);

import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  PM_MANAGER_URL: z.url(),
  PM_STATE_DIR: z.string().min(1).optional(),
  PM_ENROL_TOKEN: z.string().optional(),
  PM_ENROL_TOKEN_FILE: z.string().optional(),
  PM_OUTBOX_MB: z.coerce.number().min(1).max(4096).default(64),
  PM_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  XDG_STATE_HOME: z.string().optional(),
});

export interface Config {
  managerUrl: string;
  stateFolder: string;
  enrolToken: string | null;
  enrolTokenFile: string | null;
  outboxBytes: number;
  logLevel: string;
}

/** Reads the configuration once. Throws a list of what is wrong. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(`configuration:\n${z.prettifyError(parsed.error)}`);
  const values = parsed.data;
  const state = values.XDG_STATE_HOME ?? join(homedir(), '.local/state');
  return {
    managerUrl: values.PM_MANAGER_URL,
    stateFolder: values.PM_STATE_DIR ?? join(state, 'process-meter'),
    enrolToken: values.PM_ENROL_TOKEN ?? null,
    enrolTokenFile: values.PM_ENROL_TOKEN_FILE ?? null,
    outboxBytes: values.PM_OUTBOX_MB * 1024 * 1024,
    logLevel: values.PM_LOG_LEVEL,
  };
}

import process from 'node:process';
import { z } from 'zod';

const configSchema = z.object({
  /** Where the portal reaches the Manager. */
  PM_MANAGER_URL: z.url().default('http://127.0.0.1:8080'),
  /** Where agents reach the Manager, shown in the enrolment command. */
  PM_PUBLIC_MANAGER_URL: z.url().optional(),
});

export interface PortalConfig {
  readonly managerUrl: string;
  readonly publicManagerUrl: string;
}

/** Reads the portal's settings from the environment; throws with the names of what is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): PortalConfig {
  const parsed = configSchema.parse(env);
  const managerUrl = parsed.PM_MANAGER_URL.replace(/\/+$/, '');
  return { managerUrl, publicManagerUrl: parsed.PM_PUBLIC_MANAGER_URL?.replace(/\/+$/, '') ?? managerUrl };
}

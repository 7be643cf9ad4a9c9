import { z } from 'zod';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const environmentSchema = z.object({
  /** Namespace of the operator itself; its lease is there. */
  PM_NAMESPACE: z.string().min(1).default('default'),
  PM_POD_NAME: z.string().min(1).optional(),
  /** Namespaces that it looks after, by commas; its own when empty. */
  PM_WATCH_NAMESPACES: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((name) => name !== '')),
  PM_LEADER_ELECTION: flag.default(true),
  PM_LEASE_NAME: z.string().min(1).default('process-meter-operator'),
  PM_HOST: z.string().default('127.0.0.1'),
  PM_PORT: z.coerce.number().int().min(0).max(65_535).default(8082),
  PM_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** File with releases in place of those that the operator carries, JSON. */
  PM_RELEASES_FILE: z.string().min(1).optional(),
  /** Requests a second to the API server, over time; five times as many at once. */
  PM_API_QPS: z.coerce.number().int().min(1).max(10_000).default(50),
  /** Ms between two looks at what cannot be watched: kinds that not every cluster has. */
  PM_LOOK_AGAIN_MS: z.coerce.number().int().min(1000).max(3_600_000).default(30_000),
  /** Ms between two questions to the Manager for what it counted; figures in a status stand as long at least. */
  PM_FIGURES_MS: z.coerce.number().int().min(1000).max(3_600_000).default(60_000),
  /**
   * Address of the Manager when it is not that of its Service: for an operator outside of the cluster, which does not
   * know the names inside of it.
   */
  PM_MANAGER_URL: z.url().optional(),
  /** Ms of leader election; the times between renewals follow from it. */
  PM_LEASE_MS: z.coerce.number().int().min(1000).max(600_000).default(15_000),
  /** Ms that a watch may say nothing before it is opened anew; the API server says something every minute. */
  PM_WATCH_SILENCE_MS: z.coerce.number().int().min(1000).max(600_000).default(90_000),
});

export interface OperatorConfig {
  namespace: string;
  podName: string | undefined;
  watched: string;
  leader: { name: string; leaseMs: number } | undefined;
  host: string;
  port: number;
  logLevel: string;
  releasesFile: string | undefined;
  apiQps: number;
  silenceMs: number;
  lookAgainMs: number;
  figuresMs: number;
  managerUrl: string | undefined;
}

/** Reads the environment once. @throws naming every variable that is wrong */
export function readConfig(env: NodeJS.ProcessEnv): OperatorConfig {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const values = parsed.data;
  const [watched = values.PM_NAMESPACE, ...more] = values.PM_WATCH_NAMESPACES;
  if (more.length > 0)
    throw new Error(`PM_WATCH_NAMESPACES: one operator looks after one namespace, not ${more.length + 1}`);
  return {
    namespace: values.PM_NAMESPACE,
    podName: values.PM_POD_NAME,
    watched,
    leader: values.PM_LEADER_ELECTION
      ? { name: values.PM_LEASE_NAME, leaseMs: values.PM_LEASE_MS }
      : undefined,
    host: values.PM_HOST,
    port: values.PM_PORT,
    logLevel: values.PM_LOG_LEVEL,
    releasesFile: values.PM_RELEASES_FILE,
    apiQps: values.PM_API_QPS,
    silenceMs: values.PM_WATCH_SILENCE_MS,
    lookAgainMs: values.PM_LOOK_AGAIN_MS,
    figuresMs: values.PM_FIGURES_MS,
    managerUrl: values.PM_MANAGER_URL,
  };
}

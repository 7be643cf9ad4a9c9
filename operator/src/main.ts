import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { pino, type Logger } from 'pino';
import { readConfig, type OperatorConfig } from './config.ts';
import { createOperator } from './operator.ts';
import { readReleases } from './release/read.ts';
import { defaultLimits, loadCredentials, systemClock, type LeaderTimes } from './runtime/index.ts';

const config = readConfig(process.env);
const log = pino({ name: 'operator', level: config.logLevel });

// A promise that nobody looked at may have left anything half done: a new process begins from what is.
process.on('unhandledRejection', (error) => {
  log.fatal({ err: error }, 'an error was not handled');
  process.exit(1);
});

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log.info({ signal }, 'the operator stops');
    stopping.abort();
  });

await run(config, log);

async function run({ leader, ...options }: OperatorConfig, logger: Logger): Promise<void> {
  const id = (): string => randomBytes(5).toString('hex');
  const operator = createOperator(
    {
      component: 'processmeter.io/operator',
      instance: `${options.podName ?? hostname()}_${id()}`,
      namespace: options.watched,
      releases: readReleases(options.releasesFile),
      lookAgainMs: options.lookAgainMs,
      figuresMs: options.figuresMs,
      managerUrl: options.managerUrl,
      health: { host: options.host, port: options.port },
      silenceMs: options.silenceMs,
      limits: { ...defaultLimits, perSecond: options.apiQps, burst: 5 * options.apiQps },
      ...(leader === undefined
        ? {}
        : {
            leader: {
              lease: { namespace: options.namespace, name: leader.name },
              times: timesOf(leader.leaseMs),
            },
          }),
    },
    {
      credentials: await loadCredentials(process.env, () => systemClock.monotonic()),
      clock: systemClock,
      random: Math.random,
      log: logger,
      id,
      password: () => `p${randomBytes(24).toString('hex')}`,
      // Only the end of the process ends everything that it may be doing.
      onLost: () => process.exit(1),
    },
  );
  const outcome = await operator.run(stopping.signal);
  logger.info({ outcome }, 'the operator has stopped');
  process.exit(outcome === 'stopped' ? 0 : 1);
}

/** The proportions that Kubernetes has: 15, 10 and 2 seconds. */
function timesOf(leaseMs: number): LeaderTimes {
  return { leaseMs, renewMs: (leaseMs * 2) / 3, retryMs: (leaseMs * 2) / 15 };
}

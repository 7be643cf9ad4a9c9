import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startAppliance, type Appliance } from './appliance/appliance.ts';
import { readOptions, type Options } from './appliance/options.ts';
import { keepLogsLimited } from './appliance/log-limit.ts';
import { portalUrl } from './appliance/services.ts';
import { choosePorts, lockState, openState, resetState, type Ports, type State } from './appliance/state.ts';

/** A second Ctrl-C this long after the first ends at once; sooner it is the same one, passed on by a parent. */
const IMPATIENT_MS = 1500;

const say = (line: string): void => {
  process.stdout.write(`process-meter: ${line}\n`);
};
// The terminal may go before we do.
process.stdout.on('error', () => undefined);

const ending = new AbortController();
let askedAt: number | undefined;
const end = (): void => {
  const now = Date.now();
  if (askedAt !== undefined && now - askedAt > IMPATIENT_MS) process.exit(130);
  askedAt ??= now;
  ending.abort();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
// The starter is gone, without having been able to pass a signal on.
process.on('disconnect', end);

try {
  const options = readOptions(process.argv.slice(2), process.env, process.getuid?.() === 0);
  if (options.help) process.stdout.write(readFileSync(new URL('../setup/help.txt', import.meta.url), 'utf8'));
  else await run(options);
  process.exit(0);
} catch (error) {
  if (!ending.signal.aborted) say(error instanceof Error ? error.message : String(error));
  process.exit(ending.signal.aborted ? 0 : 1);
}

async function run(options: Options): Promise<void> {
  const lock = lockState(options.dataDir);
  try {
    if (options.reset) {
      resetState(options.dataDir);
      say(`everything recorded in ${options.dataDir} is removed`);
    }
    const state = openState(options.dataDir);
    const ports = await choosePorts(state, options.ports, lock.crashedBefore);
    say(`data folder ${state.dir}`);
    keepLogsLimited([state.log, state.nats]);
    const appliance = await untilEnding(startAppliance({ ...tools(), options, state, ports }));
    announce(appliance, { state, ports, host: options.host });
    await untilEnding(new Promise(() => undefined)).catch(() => undefined);
    const begun = Date.now();
    say('stopping');
    await appliance.stop();
    say(`stopped in ${((Date.now() - begun) / 1000).toFixed(1)} s; what was recorded is kept`);
  } finally {
    lock.release();
  }
}

function tools() {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  return { say, now: Date.now, sleep, signal: ending.signal };
}

/** Waits for the task, or rejects as soon as the end is asked for; children of a start under way end with us. */
async function untilEnding<T>(task: Promise<T>): Promise<T> {
  const { signal } = ending;
  const ended = new Promise<never>((_, reject) => {
    const give = (): void => reject(new Error('ended'));
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
  });
  return Promise.race([task, ended]);
}

function announce(appliance: Appliance, at: { state: State; ports: Ports; host: string }): void {
  const { state, ports, host } = at;
  const password = readFileSync(state.adminPasswordFile, 'utf8').trim();
  const lines = [
    '',
    'Process Meter runs.',
    '',
    `  Portal    ${portalUrl(host, ports)}`,
    '  Account   default',
    '  Login     admin',
    `  Password  ${password}`,
    '',
    ...appliance.lines.map(({ name, text, ok }) => `  ${name.padEnd(10)}${ok() ? 'ok  ' : 'DOWN'}  ${text}`),
    '',
    `  Logs in ${join(state.dir, 'log')}. Ctrl-C stops everything.`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

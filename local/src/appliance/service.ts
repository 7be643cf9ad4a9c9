import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from '../answers.ts';
import { supervise, type Supervised } from '../supervised.ts';
import type { Running } from './part.ts';

export interface Service {
  name: string;
  /** Program of the repository, run by this Node. */
  script: string;
  args?: readonly string[];
  env: Record<string, string>;
  logDir: string;
  /** Address that answers 200 when the service is ready; without one it is ready once it runs. */
  readyUrl?: string;
}

const READY_MS = 30_000;
const STOP_MS = 5000;

/** Starts one of our services as a process of its own that writes its log into a file. @throws with the end of its log */
export async function startService(service: Service): Promise<Running> {
  const child = await launch(service);
  if (service.readyUrl !== undefined) await ready(service, child, service.readyUrl);
  return { ended: child.ended, stop: () => child.stop('SIGTERM', STOP_MS) };
}

/** Runs a command of one of our services to its end. @throws with the end of its log */
export async function runCommand(service: Service): Promise<void> {
  const child = await launch(service);
  const { code } = await child.ended;
  if (code !== 0) throw failure(service, `${service.name} failed (exit ${code})`);
}

async function launch(service: Service): Promise<Supervised> {
  const file = logFile(service);
  const log = openSync(file, 'a', 0o600);
  try {
    return await supervise(process.execPath, [service.script, ...(service.args ?? [])], {
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...service.env },
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

async function ready(service: Service, child: Supervised, url: string): Promise<void> {
  let over = false;
  void child.ended.then(() => (over = true));
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    if (over) throw failure(service, `${service.name} ended while starting`);
    if (await answers(url)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await child.stop('SIGTERM', 1000);
  throw failure(service, `${service.name} is not ready after ${READY_MS / 1000} s`);
}

const logFile = (service: Service): string => join(service.logDir, `${service.name}.log`);

function failure(service: Service, what: string): Error {
  const tail = readFileSync(logFile(service), 'utf8').trimEnd().split('\n').slice(-8).join('\n');
  return new Error(`${what}; the end of ${logFile(service)}:\n${tail}`);
}

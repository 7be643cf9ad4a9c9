import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { freePort } from '../ports.ts';
import { listeners, type Listener } from './options.ts';

const portsSchema = z.partialRecord(z.enum(listeners), z.number().int());
export type Ports = Record<Listener, number>;
const DEFAULT_PORTS: Partial<Ports> = { portal: 8090 };
const OURS = [
  'postgres',
  'postgres.password',
  'postgres.processmeter',
  'nats',
  'secrets',
  'agent',
  'desktop',
  'desktop-display',
  'log',
  'ports.json',
  'admin-password',
  'enrolment-token',
];

/** Where one appliance keeps everything; the same folder given again finds it again. */
export interface State {
  dir: string;
  postgres: string;
  nats: string;
  secrets: string;
  agent: string;
  desktop: string;
  log: string;
  adminPasswordFile: string;
  enrolmentTokenFile: string;
}

/**
 * Makes the state folder. What is secret is closed below, not here.
 * @param databaseUser whether the database runs under a user of its own, which has to pass through the folder
 * @throws when that user cannot
 */
export function openState(dir: string, databaseUser = process.getuid?.() === 0): State {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  if (databaseUser) letPass(dir);
  const state = {
    dir,
    postgres: join(dir, 'postgres'),
    nats: join(dir, 'nats'),
    secrets: join(dir, 'secrets'),
    agent: join(dir, 'agent'),
    desktop: join(dir, 'desktop'),
    log: join(dir, 'log'),
    adminPasswordFile: join(dir, 'admin-password'),
    enrolmentTokenFile: join(dir, 'enrolment-token'),
  };
  for (const inner of [state.nats, state.secrets, state.agent, state.log])
    mkdirSync(inner, { recursive: true, mode: 0o700 });
  return state;
}

function letPass(dir: string): void {
  const forOthers = 0o001;
  chmodSync(dir, statSync(dir).mode | 0o011);
  for (let above = dirname(dir); above !== dirname(above); above = dirname(above)) {
    if ((statSync(above).mode & forOthers) === 0)
      throw new Error(
        `PostgreSQL does not run as root, and its user cannot pass through ${above} to ${dir}: give another folder with --data`,
      );
  }
}

/** Removes what an appliance wrote into the folder, and nothing else that may lie there. */
export function resetState(dir: string): void {
  for (const name of OURS) rmSync(join(dir, name), { recursive: true, force: true });
}

/**
 * Takes the folder for this process. @returns whether the one before ended without giving it back
 * @throws when an appliance is running on it
 */
export function lockState(dir: string): { crashedBefore: boolean; release: () => void } {
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const file = join(dir, 'running.pid');
  const crashedBefore = existsSync(file);
  const pid = holderOf(dir, ANY);
  if (pid !== undefined)
    throw new Error(`an appliance is running on ${dir} already (process ${pid}); stop it or give --data`);
  writeFileSync(file, String(process.pid));
  return { crashedBefore, release: () => rmSync(file, { force: true }) };
}

const APPLIANCE = /local\/src\/main\.ts/;
/** Also a backup or a restore. */
const ANY = /local\/src\/(main|backup)\.ts/;

/** Process that has the folder now, when its command is one of those. */
function holderOf(dir: string, command: RegExp): number | undefined {
  try {
    const pid = Number(readFileSync(join(dir, 'running.pid'), 'utf8'));
    const runs = command.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    return runs && pid !== process.pid ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Address of the database of the appliance that runs on a folder; undefined when none does. */
export function runningUrl(dir: string, database: string): string | undefined {
  if (holderOf(dir, APPLIANCE) === undefined) return undefined;
  const ports = portsSchema.parse(JSON.parse(readFileSync(join(dir, 'ports.json'), 'utf8')));
  const password = readFileSync(join(dir, 'postgres.password'), 'utf8').trim();
  return `postgres://processmeter:${password}@127.0.0.1:${ports.postgres}/${database}`;
}

/** Ports asked for, else those of the last start, else free ones; kept for the next start. */
export async function choosePorts(
  state: State,
  asked: Partial<Ports>,
  crashedBefore: boolean,
): Promise<Ports> {
  const file = join(state.dir, 'ports.json');
  const kept = existsSync(file)
    ? (portsSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? {})
    : {};
  const ports: Ports = { postgres: 0, nats: 0, manager: 0, ingest: 0, portal: 0 };
  for (const name of listeners) {
    const wanted = asked[name] ?? kept[name] ?? DEFAULT_PORTS[name];
    ports[name] = await choose(wanted, crashedBefore && kept[name] !== undefined);
    if (asked[name] !== undefined && ports[name] !== asked[name])
      throw new Error(`port ${asked[name]} for ${name} is taken`);
  }
  writeFileSync(file, `${JSON.stringify(ports, undefined, 2)}\n`);
  return ports;
}

/** After a crash the parts of the last run may hold their ports for a few more seconds. */
async function choose(wanted: number | undefined, patient: boolean): Promise<number> {
  for (let attempt = 0; patient && attempt < 50; attempt += 1) {
    const port = await freePort(wanted);
    if (port === wanted) return port;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return freePort(wanted);
}

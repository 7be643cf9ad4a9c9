import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { generateNkey, nkeyFromSeed, type EnrolResponse } from '@process-meter/contract';
import type { Config } from '../config.ts';
import { readIdentity, writeIdentity, type Identity } from './identity.ts';
import { RefusedError, enrol } from './manager-api.ts';

export interface EnrolDeps {
  config: Config;
  platform: { name: string; desktop: string };
  version: string;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  signal: AbortSignal;
}
export type EnrolledIdentity = Identity & { enrolled: EnrolResponse };
const MOST_WAIT_MS = 60_000;

/**
 * The identity of this agent: as kept, else by enrolling with the one-time token. The key is kept before it is shown,
 * so that a lost answer can be asked for again. Waits while the Manager cannot be reached.
 * @throws RefusedError when there is no identity and no valid token
 */
export async function ensureEnrolled(deps: EnrolDeps): Promise<EnrolledIdentity> {
  const { config, signal } = deps;
  const kept = await readIdentity(config.stateFolder);
  if (kept?.enrolled) return { ...kept, managerUrl: config.managerUrl, enrolled: kept.enrolled };
  const token = await readToken(config);
  const seed = kept?.seed ?? generateNkey('user').seed;
  const identity: Identity = { v: 1, managerUrl: config.managerUrl, seed, enrolled: null };
  await writeIdentity(config.stateFolder, identity);
  const request = {
    token,
    publicKey: nkeyFromSeed(seed).publicKey,
    computer: hostname(),
    machine: await machineHash(),
    user: userInfo().username,
    desktop: deps.platform.desktop,
    platform: deps.platform.name,
    version: deps.version,
  };
  for (let pause = 500; ; pause = Math.min(pause * 2, MOST_WAIT_MS)) {
    try {
      const enrolled = await enrol(config.managerUrl, request);
      const complete = { ...identity, enrolled };
      await writeIdentity(config.stateFolder, complete);
      deps.log.info({ agent: enrolled.agent, account: enrolled.account }, 'enrolled');
      return complete;
    } catch (error) {
      if (error instanceof RefusedError || signal.aborted) throw error;
      deps.log.warn({ err: error }, 'the Manager cannot be reached for enrolment; trying again');
      await wait(pause, undefined, { signal });
    }
  }
}

async function readToken(config: Config): Promise<string> {
  if (config.enrolToken !== null) return config.enrolToken.trim();
  if (config.enrolTokenFile !== null) return (await readFile(config.enrolTokenFile, 'utf8')).trim();
  throw new RefusedError('PM-4101', 'not enrolled yet: set PM_ENROL_TOKEN or PM_ENROL_TOKEN_FILE');
}

/** A hash of the machine id: tells a cloned or re-installed computer, names nobody. */
async function machineHash(): Promise<string> {
  const id = await readFile('/etc/machine-id', 'utf8').catch(() => hostname());
  return createHash('sha256').update(`process-meter/machine/${id.trim()}`).digest('hex');
}

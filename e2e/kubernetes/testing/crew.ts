import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiServer } from '../api-server.ts';
import { startOperator, type OperatorProcess } from '../operator-process.ts';
import { until } from '../owned-objects.ts';
import type { World } from '../world.ts';

export const ACCOUNT = 'process-meter-operator';
export const LEASE = 'process-meter-operator';
const STOP_MS = 5000;

/** One operator process. */
export interface Member {
  /** Name of its pod, with which its identity in the lease begins. */
  readonly name: string;
  /** Its own token, as the audit log names it: all of them have one account. */
  readonly credential: string;
  readonly process: OperatorProcess;
}

/** Operators that share a lease. One that ends is replaced at once, as a Deployment does. */
export interface Crew {
  /** Those that run, the newest last. */
  readonly members: readonly Member[];
  /** All that ever ran, by the credential that the audit log has. */
  readonly names: ReadonlyMap<string, string>;
  /** Waits until one of those that run holds the lease, and not the one given. */
  leader(notThis?: Member): Promise<Member>;
  stop(): Promise<void>;
}

export interface CrewOptions {
  size: number;
  env?: Readonly<Record<string, string>>;
  /** Changes the kubeconfig of each, such as to another address of the API server. Resolves with the file to use. */
  through?: (kubeconfig: string, name: string) => Promise<string>;
}

const leaseSchema = z.object({ spec: z.object({ holderIdentity: z.string().default('') }) });

/** Starts them; resolves before any of them leads. */
export async function startCrew(world: World, api: ApiServer, options: CrewOptions): Promise<Crew> {
  const members: Member[] = [];
  const names = new Map<string, string>();
  let stopping = false;
  let count = 0;

  const enlist = async (): Promise<void> => {
    count += 1;
    const name = `operator-${count}`;
    const kubeconfig = await world.lab.tokenKubeconfig({ namespace: world.namespace, name: ACCOUNT });
    const used = (await options.through?.(kubeconfig, name)) ?? kubeconfig;
    if (stopping) return;
    const process = startOperator(
      { kubeconfig: used, namespace: world.namespace },
      { ...options.env, PM_POD_NAME: name },
    );
    const member = { name, process, credential: credentialOf(kubeconfig) };
    members.push(member);
    names.set(member.credential, name);
    void process.ended.then(() => replace(member));
  };
  const replace = async (member: Member): Promise<void> => {
    members.splice(members.indexOf(member), 1);
    // The API server may be away.
    while (!stopping && (await enlist().catch(() => 'failed')) === 'failed') await pause(500);
  };

  for (let n = 0; n < options.size; n += 1) await enlist();
  return {
    members,
    names,
    leader: async (notThis) => {
      let found: Member | undefined;
      await until('one of the operators leads', async () => {
        const holder = await holderOf(api, world.namespace);
        found = members.find((member) => member !== notThis && holder.startsWith(`${member.name}_`));
        return found !== undefined;
      });
      if (found === undefined) throw new Error('nobody leads');
      return found;
    },
    stop: async () => {
      stopping = true;
      await Promise.all(members.map(({ process }) => end(process)));
    },
  };
}

/** In order, so that the lease is free for the next; by force where that takes long. */
async function end(operator: OperatorProcess): Promise<void> {
  const timer = setTimeout(() => void operator.stop('SIGKILL'), STOP_MS);
  await operator.stop();
  clearTimeout(timer);
}

export function leasePath(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${LEASE}`;
}

/** Identity in the lease; empty when there is none. */
export async function holderOf(api: ApiServer, namespace: string): Promise<string> {
  const { status, body } = await api.call('GET', leasePath(namespace));
  return status === 200 ? leaseSchema.parse(body).spec.holderIdentity : '';
}

const kubeconfigSchema = z.object({
  users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]),
});
const claimsSchema = z.object({ jti: z.string() });

/** The token in a kubeconfig of a ServiceAccount. */
export function tokenOf(kubeconfig: string): string {
  return kubeconfigSchema.parse(JSON.parse(readFileSync(kubeconfig, 'utf8'))).users[0].user.token;
}

/** What the audit log calls the token. */
function credentialOf(kubeconfig: string): string {
  const [, claims = ''] = tokenOf(kubeconfig).split('.');
  const { jti } = claimsSchema.parse(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')));
  return `JTI=${jti}`;
}

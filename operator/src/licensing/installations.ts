import { processMeterSpecSchema } from '@process-meter/crds';
import { isPaused } from '../platform/pause.ts';
import type { SecretReader } from '../platform/secret-reader.ts';
import { readStatus } from '../platform/status.ts';
import { managerUrl, namesOf } from '../render/names.ts';
import { TOKEN_KEY } from '../render/parts.ts';
import { MANAGERS, PROCESS_METERS } from '../resources.ts';
import { keyOf, type Informer, type Informers, type KubeObject } from '../runtime/index.ts';
import type { Endpoint } from './manager-client.ts';
import { ManagerError } from './manager-error.ts';
import { Mirrors, type Mirror } from './mirror.ts';

/** A ProcessMeter as far as licensing resources are brought to its Manager. */
export interface Installation {
  processMeter: KubeObject;
  mirror: Mirror;
  endpoint: Endpoint;
}

/** Why a resource has no Manager to be brought to. */
export interface NoInstallation {
  reason: 'NoProcessMeter' | 'SeveralProcessMeters' | 'ManagerNotReady' | 'Paused';
  message: string;
}

export interface InstallationsDeps {
  informers: Informers;
  secrets: SecretReader;
  /** Where the Manager is, when it is not where its Service says. */
  managerUrl: string | undefined;
}

/** Finds the installation of each resource. */
export class Installations {
  readonly mirrors = new Mirrors();
  readonly #meters: Informer;
  readonly #managers: Informer;
  readonly #deps: InstallationsDeps;
  readonly #tokens = new Map<string, string>();

  constructor(deps: InstallationsDeps) {
    this.#deps = deps;
    this.#meters = deps.informers.for(PROCESS_METERS);
    this.#managers = deps.informers.for(MANAGERS);
  }

  of(object: KubeObject): Installation | NoInstallation {
    const wanted = referenceOf(object);
    const present = this.#meters
      .list(object.metadata.namespace)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter(({ metadata }) => wanted === undefined || metadata.name === wanted);
    const [processMeter, ...others] = present;
    if (processMeter === undefined) {
      const which = wanted === undefined ? 'no ProcessMeter' : `no ProcessMeter ${wanted}`;
      return { reason: 'NoProcessMeter', message: `There is ${which} in this namespace yet.` };
    }
    if (others.length > 0) {
      const names = present.map(({ metadata }) => metadata.name).toSorted();
      return {
        reason: 'SeveralProcessMeters',
        message: `There are ${names.join(', ')}: say which one in spec.processMeterRef.`,
      };
    }
    if (isPaused(processMeter)) return { reason: 'Paused', message: '' };
    const { name } = processMeter.metadata;
    if (!this.answers(processMeter))
      return { reason: 'ManagerNotReady', message: `No pod of Manager ${name} answers yet.` };
    return this.installation(processMeter);
  }

  /** True when pods of its Manager answer, as far as the cluster knows. */
  answers(processMeter: KubeObject): boolean {
    const manager = this.#managers.get(keyOf(processMeter));
    return manager !== undefined && isAvailable(manager);
  }

  installation(processMeter: KubeObject): Installation {
    const { name, namespace = '' } = processMeter.metadata;
    const url = this.#deps.managerUrl ?? managerUrl(name, namespace);
    return {
      processMeter,
      mirror: this.mirrors.of(processMeter),
      endpoint: { url, token: (again, signal) => this.#token(namespace, name, { again, signal }) },
    };
  }

  async #token(
    namespace: string,
    name: string,
    { again, signal }: { again: boolean; signal: AbortSignal },
  ): Promise<string> {
    const secret = namesOf(name).service;
    const key = `${namespace}/${secret}`;
    const known = again ? undefined : this.#tokens.get(key);
    if (known !== undefined) return known;
    const content = await this.#deps.secrets.read(namespace, secret, signal);
    const token = content?.[TOKEN_KEY];
    if (token === undefined)
      throw new ManagerError({ status: 0, message: `there is no key ${TOKEN_KEY} of Secret ${secret}` });
    this.#tokens.set(key, token);
    return token;
  }
}

export function isAvailable(manager: KubeObject): boolean {
  const { conditions = [] } = readStatus(manager['status']);
  return conditions.some(({ type, status }) => type === 'Available' && status === 'True');
}

const zones = new WeakMap<KubeObject, string>();

/** Time zone in which the days of an installation begin. */
export function zoneOf(processMeter: KubeObject): string {
  const known = zones.get(processMeter);
  if (known !== undefined) return known;
  const spec = processMeterSpecSchema.safeParse(processMeter['spec']);
  const zone = spec.success ? spec.data.timeZone : 'UTC';
  zones.set(processMeter, zone);
  return zone;
}

function referenceOf({ spec }: KubeObject): string | undefined {
  if (typeof spec !== 'object' || spec === null || !('processMeterRef' in spec)) return undefined;
  const { processMeterRef } = spec;
  if (typeof processMeterRef !== 'object' || processMeterRef === null || !('name' in processMeterRef))
    return undefined;
  return typeof processMeterRef.name === 'string' ? processMeterRef.name : undefined;
}

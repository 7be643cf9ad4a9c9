import { SECRETS } from '../resources.ts';
import { contentHash, type Informer, type Informers, type KubeClient } from '../runtime/index.ts';
import type { SecretUse } from '../render/parts.ts';

/** Only metadata is watched: no cache ever holds what is in a Secret. */
export const SECRETS_WATCH = { resource: SECRETS, options: { metadataOnly: true } } as const;

export type SecretContent = Readonly<Record<string, string>>;

/** What is used of some Secrets: its checksum, or what is missing. */
export type SecretsState = { checksum: string } | { missing: string };

/** Reads Secrets when they are needed. */
export class SecretReader {
  readonly #client: KubeClient;
  readonly #informer: Informer;

  constructor(deps: { client: KubeClient; informers: Informers }) {
    this.#client = deps.client;
    this.#informer = deps.informers.for(SECRETS_WATCH.resource, SECRETS_WATCH.options);
  }

  /** True when the Secret is known to exist, without reading it. */
  exists(namespace: string, name: string): boolean {
    return this.#informer.get({ namespace, name }) !== undefined;
  }

  /** Content by key, decoded; undefined when there is no such Secret. */
  async read(namespace: string, name: string, signal: AbortSignal): Promise<SecretContent | undefined> {
    const secret = await this.#client.get(SECRETS, { namespace, name }, { signal });
    if (secret === undefined) return undefined;
    const { data = {} } = secret;
    if (typeof data !== 'object' || data === null) return {};
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [
        key,
        Buffer.from(String(value), 'base64').toString('utf8'),
      ]),
    );
  }

  /** The checksum over what is used, so that a change of a Secret rolls the pods that read it. */
  async state(namespace: string, uses: readonly SecretUse[], signal: AbortSignal): Promise<SecretsState> {
    const used: Record<string, string> = {};
    for (const { name, keys } of uses) {
      const content = await this.read(namespace, name, signal);
      if (content === undefined) return { missing: `Secret ${name}` };
      for (const key of keys) {
        const value = content[key];
        if (value === undefined) return { missing: `key ${key} of Secret ${name}` };
        used[`${name}/${key}`] = value;
      }
    }
    return { checksum: contentHash(used) };
  }
}

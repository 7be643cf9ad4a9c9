import { readFileSync, writeFileSync } from 'node:fs';
import type { Lab } from '@process-meter/e2e/lab';
import { testCertificate } from '@process-meter/operator/testing/certificate';
import { z } from 'zod';
import type { CrewOptions, Member } from './crew.ts';
import { FaultProxy, type Seen } from './fault-proxy.ts';

const kubeconfigSchema = z.looseObject({
  clusters: z.tuple([z.looseObject({ cluster: z.looseObject({ server: z.string() }) })]),
});

/** Between operators and the API server of a lab: each has a way of its own. */
export class Network {
  readonly #proxies = new Map<string, FaultProxy>();
  readonly #lab: Lab;
  readonly #certificate = testCertificate();
  #weather: (way: FaultProxy) => void = () => undefined;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** For a crew: makes the way of an operator. */
  readonly through: NonNullable<CrewOptions['through']> = async (kubeconfig, name) => {
    const { url, ca } = this.#lab;
    const proxy = new FaultProxy({ url, ca, certificate: this.#certificate });
    const server = await proxy.start();
    this.#proxies.set(name, proxy);
    this.#weather(proxy);
    const config = kubeconfigSchema.parse(JSON.parse(readFileSync(kubeconfig, 'utf8')));
    Object.assign(config.clusters[0].cluster, {
      server,
      'certificate-authority-data': Buffer.from(this.#certificate.cert).toString('base64'),
    });
    const file = kubeconfig.replace(/\.kubeconfig$/, '.through.kubeconfig');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  };

  of({ name }: Pick<Member, 'name'>): FaultProxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new Error(`${name} has no way`);
    return proxy;
  }

  /** For all ways that are there, and those to come until the next call. */
  everywhere(weather: (way: FaultProxy) => void): void {
    this.#weather = weather;
    for (const proxy of this.#proxies.values()) weather(proxy);
  }

  /** Everything that was asked for, in order. */
  seen(): Seen[] {
    return [...this.#proxies.values()].flatMap((proxy) => proxy.seen).toSorted((a, b) => a.at - b.at);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
  }
}

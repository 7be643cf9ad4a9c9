import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Place } from '../place.ts';
import { until } from '../wait.ts';

/** Unpacked by the set-up of the tests (`local/setup/registry.mjs`). */
const PROGRAM = join(homedir(), '.cache/process-meter/docker-registry/usr/bin/docker-registry');
const PORT = 5000;

/** Where a registry of the lab answers, such as `198.18.1.2:5000`; part of the names of its images. */
export const registryAddress = (address: string): string => `${address}:${PORT}`;

/** Tells containerd that the registry of the lab speaks no TLS. Any other registry is out of reach anyway. */
export function writeRegistryHosts(folder: string, address: string): void {
  const registry = registryAddress(address);
  const hosts = join(folder, registry);
  mkdirSync(hosts, { recursive: true });
  writeFileSync(
    join(hosts, 'hosts.toml'),
    `server = "http://${registry}"\n[host."http://${registry}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
}

/** Starts an empty registry in the lab's network. @returns its address */
export async function startRegistry(place: Place): Promise<string> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: npm test -- --only=lab brings it`);
  const data = join(place.run, 'registry');
  mkdirSync(data);
  const config = join(place.run, 'registry.yaml');
  const registry = registryAddress(place.address);
  writeFileSync(
    config,
    `version: 0.1\nstorage: { filesystem: { rootdirectory: ${data} } }\nhttp: { addr: "${registry}" }\nlog: { accesslog: { disabled: true } }\n`,
  );
  await place.start('registry', PROGRAM, ['serve', config]);
  await until('the registry', async () => {
    const response = await fetch(`http://${registry}/v2/`).catch(() => undefined);
    return response?.status === 200;
  });
  return registry;
}

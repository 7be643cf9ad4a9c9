import { execFileSync } from 'node:child_process';
import { ensureNatsServer, postgresBinaries } from '@process-meter/local';
import type { Servers } from './images.ts';

/** The servers of an evaluation: fetched or built once, then taken from the cache. */
export function findServers(say: (line: string) => void): Servers {
  const binary = ensureNatsServer(say);
  const nats = versionIn(execFileSync(binary, ['--version'], { encoding: 'utf8' }));
  const native = postgresBinaries();
  const server = execFileSync(`${native}/bin/postgres`, ['--version'], { encoding: 'utf8' });
  return {
    nats: { binary: pathOf(binary), version: nats },
    postgres: { native, version: versionIn(server) },
  };
}

function versionIn(text: string): string {
  const found = /(\d+(?:\.\d+)+)/.exec(text)?.[1];
  if (found === undefined) throw new Error(`there is no version in "${text.trim()}"`);
  return found;
}

function pathOf(binary: string): string {
  return binary.includes('/') ? binary : execFileSync('which', [binary], { encoding: 'utf8' }).trim();
}

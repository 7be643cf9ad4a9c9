import { readdirSync, readFileSync } from 'node:fs';

export type Part = 'agent' | 'ingest' | 'manager' | 'nats' | 'postgres';
const COMMANDS: Record<Part, RegExp> = {
  agent: /agent\/src\/main\.ts/,
  ingest: /manager\/src\/ingest\/main\.ts/,
  manager: /manager\/src\/main\.ts/,
  nats: /nats-server$|nats-server -c/,
  postgres: /bin\/postgres -D/,
};

/** Kills a part of one appliance at once, with everything it started, as a crash would. @returns the process killed */
export function killPart(appliance: number, part: Part): number {
  const parents = new Map<number, number>();
  const commands = new Map<number, string>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      commands.set(Number(name), readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
    } catch {
      // Ended while it was looked at.
    }
  }
  const below = (pid: number, root: number): boolean =>
    pid === root || (parents.has(pid) && below(parents.get(pid) ?? 0, root));
  const own = [...commands].filter(([pid]) => pid !== appliance && below(pid, appliance));
  // The watching shell names the command too; the part itself is what was started last.
  const target = own
    .filter(([, command]) => COMMANDS[part].test(command) && !command.startsWith('/bin/sh'))
    .at(0)?.[0];
  if (target === undefined) throw new Error(`the appliance runs no ${part}`);
  for (const [pid] of own.filter(([pid]) => below(pid, target)).toReversed()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended with its parent.
    }
  }
  return target;
}

import { parseArgs } from 'node:util';
import { initSecrets } from './secrets.ts';

/** `manager trust init --dir DIR`. @returns what to print */
export function trustCommand(args: readonly string[], now: number): string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { dir: { type: 'string' } },
  });
  if (positionals[0] !== 'init' || positionals.length !== 1 || values.dir === undefined)
    throw new Error('usage: manager trust init --dir DIR');
  const made = initSecrets(values.dir, now);
  return made.length === 0 ? 'The secrets are complete.' : `Made: ${made.join(', ')}`;
}

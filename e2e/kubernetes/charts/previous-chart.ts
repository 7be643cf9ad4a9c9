import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'previous');

/** The newest earlier version of a chart, packed. @throws when there is none */
export function previousChart(name: string): string {
  const packed = readdirSync(FOLDER)
    .filter((file) => file.startsWith(`${name}-`) && /^[0-9.]+\.tgz$/.test(file.slice(name.length + 1)))
    .toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }))
    .at(-1);
  if (packed === undefined) throw new Error(`no earlier chart called ${name}`);
  return join(FOLDER, packed);
}

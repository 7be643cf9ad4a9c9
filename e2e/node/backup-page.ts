import { join } from 'node:path';
import { sectionsOf } from '@process-meter/e2e/kubernetes/docs/page';

const PAGE = join(import.meta.dirname, '../../docs/operate/backup.md');

/** A file that the page about backups gives to its reader. */
export function fileOfPage(name: string): string {
  const blocks = sectionsOf(PAGE).flatMap((section) => section.blocks);
  const block = blocks.find(({ marks }) => marks['file'] === name);
  if (block === undefined) throw new Error(`docs/operate/backup.md has no file ${name}`);
  return block.text;
}

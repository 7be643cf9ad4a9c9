import type { DeadLetterReplay } from '@process-meter/contract';
import { rejected } from '#lib/i18n/rejected.ts';

const texts = rejected.done;

/** What a replay did, as sentences. */
export function replayedText(done: DeadLetterReplay): string[] {
  const said: string[] = [];
  if (done.replayed > 0) said.push(texts.replayed(done.replayed, done.records));
  if (done.duplicates > 0) said.push(texts.duplicates(done.duplicates));
  if (done.refused > 0) {
    const why = done.refusal === null ? '' : `${done.refusal.reason} (${done.refusal.code})`;
    said.push(texts.refused(done.refused, why));
  }
  if (done.left > 0) said.push(texts.left(done.left));
  return said.length === 0 ? [texts.nothing] : said;
}

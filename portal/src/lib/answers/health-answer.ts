import type { DeadLetterList, RecordStream } from '@process-meter/contract';
import { common } from '#lib/i18n/common.ts';
import { health } from '#lib/i18n/health.ts';
import type { Result } from '#lib/result.ts';
import type { Sentence } from './overview-answer.ts';

/** Whether records come through, and how many were refused. What is not known is not said to be well. */
export function healthAnswer(stream: Result<RecordStream>, letters: Result<DeadLetterList>): Sentence[] {
  if (!stream.ok && !letters.ok) return [{ text: common.failed, alarm: false }];
  return [
    ...(stream.ok ? streamAnswer(stream.data) : []),
    ...(letters.ok ? [lettersAnswer(letters.data.total)] : []),
  ];
}

function streamAnswer({ room }: RecordStream): Sentence[] {
  const { answer } = health;
  if (room === null) return [{ text: answer.away, alarm: true }];
  if (room.behind) return [{ text: answer.behind, alarm: true }];
  return room.waiting === 0 ? [] : [{ text: answer.waiting(room.waiting), alarm: false }];
}

function lettersAnswer(total: number): Sentence {
  return { text: total === 0 ? health.answer.none : health.answer.refused(total), alarm: false };
}

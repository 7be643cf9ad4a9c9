import { AppError } from '@process-meter/contract';
import type { Slot } from './model.ts';

const DAY_MS = 86_400_000;

/** The range of a report. @throws AppError PM-4000 when it is empty or longer than a number of days */
export function checkedRange({ from, to }: Slot, maxDays: number): Slot {
  if (to <= from) throw new AppError('invalidInput', 'The range ends before it begins.');
  if (to - from > maxDays * DAY_MS)
    throw new AppError('invalidInput', `The range is longer than ${maxDays} days.`);
  return { from, to };
}

import { errorCode } from '@process-meter/contract';
import type { Refusal } from './accept.ts';

/** SQLSTATE classes that tell of the data, not of the server: data exception, integrity constraint violation. */
const DATA_REFUSED = /^2[23]\w{3}$/;

export const DATABASE_REFUSES: Refusal = {
  code: errorCode('recordInvalid'),
  reason: 'The database refuses it.',
};

/** True for an error that the same data would meet again. */
export function isDataRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && DATA_REFUSED.test(String(error.code));
}

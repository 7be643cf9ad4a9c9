import { fail, type ActionFailure } from '@sveltejs/kit';
import type { DeadLetterReplay } from '@process-meter/contract';
import type { Failure } from '#lib/result.ts';
import { ManagerProblem } from '#lib/server/manager-client.ts';
import { replayedText } from './replayed-text.ts';

/** Waits for a replay: what it did as sentences, or why the Manager refused it. */
export async function replayOutcome(
  replay: Promise<DeadLetterReplay>,
): Promise<{ said: string[] } | ActionFailure<{ failure: Failure }>> {
  try {
    return { said: replayedText(await replay) };
  } catch (cause) {
    if (!(cause instanceof ManagerProblem)) throw cause;
    const { code, title, detail, status } = cause.problem;
    return fail(status, { failure: { code, title, detail: detail ?? '' } });
  }
}

import { downSubject, type DownSigner } from '@process-meter/contract';
import type { Flush } from './flush.ts';

const MARK_LIVES_MS = 3_600_000;
const MAX_RANGES = 1000;

export interface MarksDeps {
  signer: DownSigner;
  publish: (subject: string, body: Uint8Array) => void;
  now: () => number;
}

/**
 * Tells each agent of a committed flush what is committed of its epoch; it trims its outbox by nothing else. One message
 * an agent and flush, one signature for all of a flush. A mark that is lost is repaired by the next one: each carries all ranges.
 */
export function publishMarks(flush: Flush, deps: MarksDeps): void {
  const now = deps.now();
  const changes = [...flush.seen.values()];
  const sealed = deps.signer.sealAll(
    changes.map(({ sender, epoch, after }) => ({
      type: 'mark',
      to: sender.agentName,
      issuedAt: now,
      expiresAt: now + MARK_LIVES_MS,
      epoch,
      committed: after.slice(0, MAX_RANGES).map(([first, last]) => [first, last]),
    })),
  );
  changes.forEach(({ sender }, i) => {
    const body = sealed[i];
    if (body !== undefined) deps.publish(downSubject(sender.accountName, sender.agentName), body);
  });
}

import type { AuditEntry } from '@process-meter/e2e/lab';

export interface LeaseHistory {
  /** Writes of a process that did not hold the lease, in words. */
  trespasses: string[];
  /** Who held it, in turns, and how much each wrote meanwhile besides the lease. */
  turns: { credential: string; from: string; writes: number }[];
}

/** For how long a write may be on its way to a busy API server. */
const ON_THE_WAY_MS = 1000;

/**
 * Goes through what operators with one account wrote, by the token of each: a write must come while the lease was last
 * written by the same process, and not later after that than the lease is long.
 */
export function leaseHistory(
  entries: readonly AuditEntry[],
  lease: { name: string; leaseMs: number },
): LeaseHistory {
  const history: LeaseHistory = { trespasses: [], turns: [] };
  let held: { credential: string; at: number } | undefined;
  for (const entry of inOrder(entries)) {
    const credential = credentialIn(entry);
    const at = Date.parse(entry.requestReceivedTimestamp);
    if (entry.objectRef?.resource === 'leases') {
      if (entry.objectRef.name !== lease.name && entry.verb !== 'create') continue;
      if ((entry.responseStatus?.code ?? 0) >= 300) continue;
      if (held?.credential !== credential)
        history.turns.push({ credential, from: entry.requestReceivedTimestamp, writes: 0 });
      held = { credential, at };
      continue;
    }
    const turn = history.turns.at(-1);
    if (turn !== undefined && held?.credential === credential) turn.writes += 1;
    const fault = trespass(held, { credential, at, leaseMs: lease.leaseMs });
    if (fault !== undefined)
      history.trespasses.push(
        `${entry.requestReceivedTimestamp} ${entry.verb} ${entry.requestURI} of ${credential}: ${fault}`,
      );
  }
  return history;
}

function trespass(
  held: { credential: string; at: number } | undefined,
  write: { credential: string; at: number; leaseMs: number },
): string | undefined {
  if (held === undefined) return 'nobody held the lease';
  if (held.credential !== write.credential) return `${held.credential} held the lease`;
  const age = write.at - held.at;
  return age > write.leaseMs + ON_THE_WAY_MS ? `its lease was ${age} ms old` : undefined;
}

/** By when the requests came in; microseconds of one length sort as text. */
function inOrder(entries: readonly AuditEntry[]): AuditEntry[] {
  return entries.toSorted((a, b) => (a.requestReceivedTimestamp < b.requestReceivedTimestamp ? -1 : 1));
}

/** The token of a request, as the audit log names it. */
export function credentialIn({ user }: AuditEntry): string {
  return user.extra?.['authentication.kubernetes.io/credential-id'][0] ?? '';
}

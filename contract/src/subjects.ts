/**
 * NATS subjects, buckets and headers. Rights of an agent are made from these functions only
 * (nats-rights.md: an agent publishes three subjects, subscribes two, and holds no consumer right).
 */
export const STREAM_RECORDS = 'REC';
export const KV_CONFIG = 'config';
export const INGEST_CONSUMER = 'ingest';

/** Batches of closed records and the open snapshot; captured by the stream REC. */
export const recordSubject = (account: string, agent: string): string => `rec.${account}.${agent}`;
/** Presence: core NATS, not stored. */
export const presenceSubject = (account: string, agent: string): string => `hb.${account}.${agent}`;
/** Everything that goes down to one agent: signed envelopes only. */
export const downSubject = (account: string, agent: string): string => `down.${account}.${agent}`;
/** Prefix of the agent's own inboxes (PubAcks, answers to DIRECT.GET). */
export const inboxPrefix = (agent: string): string => `_INBOX_${agent}`;
/** Key of the agent's configuration in the KV bucket `config`. */
export const configKey = (account: string, agent: string): string => `${account}.${agent}`;
/** The only JetStream API subject an agent may use: read its own configuration key. */
export const configDirectGetSubject = (account: string, agent: string): string =>
  `$JS.API.DIRECT.GET.KV_${KV_CONFIG}.$KV.${KV_CONFIG}.${configKey(account, agent)}`;

/** Wildcards for the services. */
export const ALL_RECORDS = 'rec.*.*';
export const ALL_PRESENCE = 'hb.*.*';

/** Account and agent named by `rec.…`, `hb.…` or `down.…`; undefined when the subject has another shape. */
export function parseSubject(subject: string): { kind: string; account: string; agent: string } | undefined {
  const [kind, account, agent, extra] = subject.split('.');
  if (kind === undefined || account === undefined || agent === undefined || extra !== undefined)
    return undefined;
  return { kind, account, agent };
}

/** NATS headers of a batch or a presence message. */
export const HEADER = {
  /** `<kid>.<base64url HMAC-SHA256>`, see `mac.ts`. */
  mac: 'Pm-Mac',
  epoch: 'Pm-Epoch',
  /** Sequence of the first record of the batch. */
  seq: 'Pm-Seq',
  /** `zstd` or `identity`. */
  encoding: 'Pm-Encoding',
} as const;

/**
 * Message id of a batch (JetStream duplicate window): `agent:epoch:first-last:rev`. What begins where a batch before it began
 * and goes further is another message: taken for the same, its new records would not be stored.
 * @param records its first and last sequence; zeros for one without records
 * @param openRev number of the open snapshot in it, 0 without one
 */
export const batchMessageId = (
  agent: string,
  epoch: number,
  { first, last }: { first: number; last: number },
  openRev: number,
): string => `${agent}:${epoch}:${first}-${last}:${openRev}`;

import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';

/**
 * Key of one agent, derived from a master key that only enrolment and ingest hold (nats-rights.md §2).
 * @param master at least 32 random bytes @param kid id of the master key, for rotation @param agent external agent id
 * @returns 32 bytes
 */
export function deriveAgentKey(master: Uint8Array, kid: string, agent: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, kid, `process-meter/agent-mac/${agent}`, 32));
}

/** A key made ready for use: a MAC with it takes a quarter of the time of one with the bytes (7 µs instead of 28). */
export const macKey = (key: Uint8Array): KeyObject => createSecretKey(key);

export interface MacInput {
  /** Subject the message is published on: a batch re-sent under another subject does not verify. */
  subject: string;
  epoch: number;
  seq: number;
  /** The bytes as sent (after compression). */
  body: Uint8Array;
}

/** The value of the header `Pm-Mac`: `<kid>.<base64url HMAC-SHA256 over subject, epoch, seq and body>`. */
export function macHeader(key: Uint8Array | KeyObject, kid: string, input: MacInput): string {
  return `${kid}.${digest(key, input).toString('base64url')}`;
}

/** The key id a header names, or undefined when the header has no such shape. */
export function macKeyId(header: string | undefined): string | undefined {
  const dot = header?.indexOf('.') ?? -1;
  return header !== undefined && dot > 0 ? header.slice(0, dot) : undefined;
}

/** True when the header verifies with the key. Compares in constant time. */
export function macVerifies(key: Uint8Array | KeyObject, header: string, input: MacInput): boolean {
  const given = Buffer.from(header.slice(header.indexOf('.') + 1), 'base64url');
  const wanted = digest(key, input);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function digest(key: Uint8Array | KeyObject, { subject, epoch, seq, body }: MacInput): Buffer {
  return createHmac('sha256', key).update(`${subject}\n${epoch}\n${seq}\n`).update(body).digest();
}

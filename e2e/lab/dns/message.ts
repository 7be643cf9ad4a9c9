/** What a client asks: one name. */
export interface Question {
  id: number;
  /** In small letters, without the dot at its end. */
  name: string;
  type: number;
  recursionDesired: boolean;
  /** The question as it came, which the answer repeats. */
  raw: Buffer;
}

export const TYPE_A = 1;
const HEADER = 12;
const LABEL_BYTES = 63;
const RECURSION_DESIRED = 0x01_00;
/** A response, with authority over its names. */
const RESPONSE = 0x84_00;
const RECURSION_AVAILABLE = 0x00_80;
const CLASS_IN = 1;
/** Long enough for one start of a program, too short to outlive a pod. */
const TTL_SECONDS = 2;

export const RCODES = { ok: 0, serverFailure: 2, noSuchName: 3 } as const;
export interface Answer {
  rcode: keyof typeof RCODES;
  /** IPv4 addresses; empty when the name has none. */
  addresses: readonly string[];
}

/** @returns undefined when it is no question with one name */
export function readQuestion(message: Buffer): Question | undefined {
  if (message.length < HEADER || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > LABEL_BYTES) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  if (message.length < at + 4) return undefined;
  return {
    id: message.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(at),
    recursionDesired: (message.readUInt16BE(2) & RECURSION_DESIRED) !== 0,
    raw: message.subarray(HEADER, at + 4),
  };
}

export function writeAnswer(question: Question, { rcode, addresses }: Answer): Buffer {
  const header = Buffer.alloc(HEADER);
  const asked = question.recursionDesired ? RECURSION_DESIRED : 0;
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(RESPONSE | RECURSION_AVAILABLE | asked | RCODES[rcode], 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([header, question.raw, ...addresses.map(addressRecord)]);
}

function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(16);
  // The name is that of the question, behind the header.
  record.writeUInt16BE(0xc0_00 | HEADER, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(TTL_SECONDS, 6);
  record.writeUInt16BE(4, 10);
  for (const [at, part] of address.split('.').entries()) record.writeUInt8(Number(part), 12 + at);
  return record;
}

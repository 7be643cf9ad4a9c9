import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/**
 * NATS nkeys on `node:crypto` Ed25519. The pure-JS nkeys library signs in 11 ms, this in 0.04 ms with the same
 * output (ingest.md §8). Format: base32(prefix byte(s), 32 key bytes, CRC-16/XMODEM little endian), no padding.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
export const NKEY_PREFIX = { operator: 14 << 3, account: 0, user: 20 << 3 } as const;
const SEED_PREFIX = 18 << 3;
export type NkeyKind = keyof typeof NKEY_PREFIX;
// DER wrappers of a raw Ed25519 key (RFC 8410).
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export interface Nkey {
  kind: NkeyKind;
  /** Public key in nkey text form: starts with O, A or U. */
  publicKey: string;
  /** Seed in nkey text form: starts with SO, SA or SU. Secret. */
  seed: string;
  /** Ed25519 signature, 64 bytes. */
  sign(data: Uint8Array): Buffer;
}

/** RFC 4648 base32 without padding. */
export function base32Encode(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      out += ALPHABET[(value >>> (bits - 5)) & 31];
      bits -= 5;
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? out + ALPHABET[(value << (5 - bits)) & 31] : out;
}

/** Inverse of {@link base32Encode}. Throws on a character outside the alphabet. */
export function base32Decode(text: string): Buffer {
  const out: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text) {
    const index = ALPHABET.indexOf(character);
    if (index < 0) throw new Error('not base32');
    value = (value << 5) | index;
    bits += 5;
    if (bits >= 8) {
      out.push((value >>> (bits - 8)) & 255);
      bits -= 8;
    }
    value &= (1 << bits) - 1;
  }
  return Buffer.from(out);
}

/** Makes a new random nkey. */
export function generateNkey(kind: NkeyKind): Nkey {
  const der = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return nkeyFromRaw(kind, der.subarray(der.length - 32));
}

/** Reads a seed (SO…, SA…, SU…). Throws when the text is no seed or its checksum is wrong. */
export function nkeyFromSeed(seed: string): Nkey {
  const payload = checked(seed);
  const first = payload[0] ?? 0;
  const second = payload[1] ?? 0;
  if ((first & 0xf8) !== SEED_PREFIX || payload.length !== 34) throw new Error('not an nkey seed');
  const prefix = ((first & 7) << 5) | ((second & 0xf8) >> 3);
  const kind = (Object.keys(NKEY_PREFIX) as NkeyKind[]).find((name) => NKEY_PREFIX[name] === prefix);
  if (kind === undefined) throw new Error('not an operator, account or user seed');
  return nkeyFromRaw(kind, payload.subarray(2));
}

/** True when the signature over `data` is by the holder of the public nkey. False also for a malformed key. */
export function nkeyVerifies(publicKey: string, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, data, publicKeyObject(checked(publicKey).subarray(1)), signature);
  } catch {
    return false;
  }
}

/** True when the text is a well-formed public nkey of this kind. */
export function isPublicNkey(kind: NkeyKind, text: string): boolean {
  try {
    const payload = checked(text);
    return payload.length === 33 && payload[0] === NKEY_PREFIX[kind];
  } catch {
    return false;
  }
}

function nkeyFromRaw(kind: NkeyKind, raw: Uint8Array): Nkey {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, raw]), format: 'der', type: 'pkcs8' });
  const publicDer = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const prefix = NKEY_PREFIX[kind];
  return {
    kind,
    publicKey: withChecksum(
      Buffer.concat([Buffer.from([prefix]), publicDer.subarray(publicDer.length - 32)]),
    ),
    seed: withChecksum(Buffer.concat([Buffer.from([SEED_PREFIX | (prefix >> 5), (prefix & 31) << 3]), raw])),
    sign: (data) => sign(null, data, key),
  };
}

function publicKeyObject(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
}

function withChecksum(payload: Buffer): string {
  const crc = crc16(payload);
  return base32Encode(Buffer.concat([payload, Buffer.from([crc & 255, crc >> 8])]));
}

function checked(text: string): Buffer {
  const bytes = base32Decode(text);
  const payload = bytes.subarray(0, -2);
  if (bytes.length < 4 || crc16(payload) !== bytes.readUInt16LE(bytes.length - 2))
    throw new Error('bad nkey checksum');
  return payload;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

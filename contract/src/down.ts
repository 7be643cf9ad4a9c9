import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { z } from 'zod';
import { AppError } from './errors.ts';
import { agentConfigSchema } from './application.ts';
import { authoritiesSchema } from './authorities.ts';
import { instantSchema } from './ids.ts';
import { hashTree, rootOf, type PathStep } from './merkle.ts';

/**
 * Everything that goes down to an agent is a signed envelope that names its addressee, its order and its end
 * (nats-rights.md §3). An agent acts on nothing else: a taken-over NATS server cannot command a desktop.
 */
const head = {
  /** External id of the agent it is for. */
  to: z.string(),
  issuedAt: instantSchema,
  expiresAt: instantSchema,
};

export const downMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('config'),
    ...head,
    config: agentConfigSchema,
    authorities: authoritiesSchema.optional(),
  }),
  /** Ranges [first, last] of one epoch that are committed in PostgreSQL; the agent trims its outbox by them. */
  z.object({
    type: z.literal('mark'),
    ...head,
    epoch: z.number().int().positive(),
    committed: z.array(z.tuple([z.number().int(), z.number().int()])).max(1000),
  }),
  /** Somebody watches live until `until`: send changes at once. */
  z.object({ type: z.literal('watch'), ...head, until: instantSchema }),
  /** New NATS user JWT. */
  z.object({
    type: z.literal('credentials'),
    ...head,
    jwt: z.string().max(8192),
    authorities: authoritiesSchema.optional(),
  }),
]);
export type DownMessage = z.infer<typeof downMessageSchema>;
export type DownType = DownMessage['type'];

/** A public key an agent trusts for some types of message. Handed out at enrolment. `key` is base64url of 32 bytes. */
export const trustedKeySchema = z.object({
  kid: z.string().min(1).max(40),
  key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  types: z.array(z.enum(['config', 'mark', 'watch', 'credentials'])).min(1),
});
export type TrustedKey = z.infer<typeof trustedKeySchema>;

/** A step is `l` or `r` and the base64url of 32 bytes; 32 steps lead out of more messages than there will be. */
const stepSchema = z
  .string()
  .regex(/^[lr][A-Za-z0-9_-]{43}$/)
  .transform((text): PathStep => ({
    side: text.startsWith('l') ? 'left' : 'right',
    hash: Buffer.from(text.slice(1), 'base64url'),
  }));
const envelopeSchema = z.object({
  kid: z.string(),
  body: z.string(),
  sig: z.string(),
  /** There when the signature is one for many messages. */
  path: z.array(stepSchema).max(32).optional(),
});
/** What is signed for many messages can never be taken for a body, which begins with a brace. */
const ROOT_PREFIX = Buffer.from('process-meter/root/1\n');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface DownSigner {
  kid: string;
  /** base64url of the 32 public bytes, as in {@link TrustedKey}. */
  publicKey: string;
  seal(message: DownMessage): Buffer;
  /** Seals messages under one signature, which costs ten times what a message adds. In order of the messages. */
  sealAll(messages: readonly DownMessage[]): Buffer[];
}

/** A new secret for {@link downSigner}: base64url of 32 bytes. */
export function generateDownSecret(): string {
  const der = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return der.subarray(der.length - 32).toString('base64url');
}

/** Signs downward messages with an Ed25519 key. @param secret base64url of 32 bytes */
export function downSigner(kid: string, secret: string): DownSigner {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, Buffer.from(secret, 'base64url')]),
    format: 'der',
    type: 'pkcs8',
  });
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const seal = (message: DownMessage): Buffer => {
    const body = Buffer.from(JSON.stringify(message));
    return envelope(kid, body, sign(null, body, key));
  };
  return {
    kid,
    publicKey: der.subarray(der.length - 32).toString('base64url'),
    seal,
    sealAll(messages) {
      if (messages.length < 2) return messages.map(seal);
      const bodies = messages.map((message) => Buffer.from(JSON.stringify(message)));
      const { root, paths } = hashTree(bodies);
      const sig = sign(null, Buffer.concat([ROOT_PREFIX, root]), key);
      return bodies.map((body, i) => envelope(kid, body, sig, paths[i]));
    },
  };
}

function envelope(kid: string, body: Buffer, sig: Buffer, path?: readonly PathStep[]): Buffer {
  const steps = path?.map(({ side, hash }) => `${side === 'left' ? 'l' : 'r'}${hash.toString('base64url')}`);
  return Buffer.from(
    JSON.stringify({ kid, body: body.toString('base64url'), sig: sig.toString('base64url'), path: steps }),
  );
}

/**
 * Opens an envelope for one agent.
 * @throws AppError PM-7001 not by a trusted key, PM-7002 for another agent, PM-7003 expired, PM-7005 not parsable
 */
export function openEnvelope(
  bytes: Uint8Array,
  reader: { agent: string; trusted: readonly TrustedKey[]; now: number },
): DownMessage {
  const envelope = parsed(envelopeSchema, bytes);
  const body = Buffer.from(envelope.body, 'base64url');
  const trusted = reader.trusted.find((entry) => entry.kid === envelope.kid);
  if (
    trusted === undefined ||
    !verify(
      null,
      signedBytes(body, envelope.path),
      publicKey(trusted),
      Buffer.from(envelope.sig, 'base64url'),
    )
  ) {
    throw new AppError('downSignature');
  }
  const message = parsed(downMessageSchema, body);
  if (!trusted.types.includes(message.type)) throw new AppError('downSignature');
  if (message.to !== reader.agent) throw new AppError('downAddressee');
  if (message.expiresAt <= reader.now) throw new AppError('downExpired');
  return message;
}

function signedBytes(body: Buffer, path: readonly PathStep[] | undefined): Buffer {
  return path === undefined ? body : Buffer.concat([ROOT_PREFIX, rootOf(body, path)]);
}

function publicKey(trusted: TrustedKey): KeyObject {
  return createPublicKey({
    key: Buffer.concat([SPKI, Buffer.from(trusted.key, 'base64url')]),
    format: 'der',
    type: 'spki',
  });
}

function parsed<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new AppError('downMalformed', undefined, { cause });
  }
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  base32Decode,
  base32Encode,
  generateNkey,
  isPublicNkey,
  nkeyFromSeed,
  nkeyVerifies,
  type NkeyKind,
} from './nkey.ts';

/** Made with `@nats-io/nkeys` 2.0.3: seed, public key and its signature of "process meter". */
const VECTORS: { kind: NkeyKind; publicKey: string; seed: string; signature: string }[] = [
  {
    kind: 'operator',
    publicKey: 'OBIGCFV7COFCWL2JPCKMIVS4GEYLKGZWPX7WB63EBXUDDRKG2EZJIXSQ',
    seed: 'SOANZ5NCE7564QW362FWGYTYS54OVCI5NF3G2JVOAN2AB752RIE5VBC7P4',
    signature: 'C34rcqETq13xSMUkLE-ra_s5SeNa7L98yzfcTML2_B6zeIJnWTG7NfTGfhaAPAWfDoawzsvv1dKRKXVFLWMUAw',
  },
  {
    kind: 'account',
    publicKey: 'AC4QPBVJXQPTARP3DMQKWARANDD44ZASIZETYIEBJVY7QRV6MP53WHQ7',
    seed: 'SAAMX74UMMDQM75533GBNECUX5CPW7JHPF7S5SN7OLC4KEAXNAEZ6EV4C4',
    signature: 'TBXMu5jELjMMcrUu1VGP8nZUx5fo7UEyO7OCOhHtg14qEmeONF67m0Y_1EO2Tfvgd0EuIxmwK4VhOVFVxNrdCg',
  },
  {
    kind: 'user',
    publicKey: 'UCJAUJMECHTC7JEFH23S4SCX3KBJ3YSAHP6GSIBLL264KVZGKLRHZ6X4',
    seed: 'SUAM2NYS3AT6E7QEEMDJFDRTZDKRW2QJ37R6GW4ER52YFQKTF4HX3AKEUQ',
    signature: 'JLwMqzAJFcjooytotunKquNYq9LvTVdfQEUAGvP2SUA6eOEAtKjaKwC90zMTAXvKnxeYn-D6TXiVWjF6ZTumAQ',
  },
];
const data = Buffer.from('process meter');

test.each(VECTORS)('the $kind key is the one of the NATS library', ({ kind, publicKey, seed, signature }) => {
  const key = nkeyFromSeed(seed);
  expect(key).toMatchObject({ kind, publicKey, seed });
  expect(key.sign(data).toString('base64url')).toBe(signature);
  expect(nkeyVerifies(publicKey, data, Buffer.from(signature, 'base64url'))).toBe(true);
  expect(isPublicNkey(kind, publicKey)).toBe(true);
});

test('a key of another kind, a seed or a wrong text is no public key', () => {
  const [operator, account, user] = VECTORS;
  expect(isPublicNkey('user', operator!.publicKey)).toBe(false);
  expect(isPublicNkey('operator', account!.publicKey)).toBe(false);
  expect(isPublicNkey('user', user!.seed)).toBe(false);
  expect(isPublicNkey('user', '')).toBe(false);
  expect(isPublicNkey('user', 'u!')).toBe(false);
});

test('one wrong character breaks the checksum', () => {
  const { seed, publicKey } = VECTORS[2]!;
  fc.assert(
    fc.property(fc.integer({ min: 2, max: publicKey.length - 4 }), (at) => {
      const other = publicKey[at] === 'A' ? 'B' : 'A';
      expect(isPublicNkey('user', publicKey.slice(0, at) + other + publicKey.slice(at + 1))).toBe(false);
      const changed = seed.slice(0, at) + (seed[at] === 'A' ? 'B' : 'A') + seed.slice(at + 1);
      expect(() => nkeyFromSeed(changed)).toThrow('checksum');
    }),
  );
  expect(() => nkeyFromSeed(publicKey)).toThrow('seed');
  expect(() => nkeyFromSeed('0')).toThrow('base32');
});

test('a signature is bound to its data and its key', () => {
  const key = generateNkey('user');
  const signature = key.sign(data);
  expect(nkeyVerifies(key.publicKey, data, signature)).toBe(true);
  expect(nkeyVerifies(key.publicKey, Buffer.from('process metes'), signature)).toBe(false);
  expect(nkeyVerifies(generateNkey('user').publicKey, data, signature)).toBe(false);
  expect(nkeyVerifies('no key', data, signature)).toBe(false);
});

test('a new key is read back from its seed', () => {
  for (const kind of ['operator', 'account', 'user'] satisfies NkeyKind[]) {
    const key = generateNkey(kind);
    expect(nkeyFromSeed(key.seed).publicKey).toBe(key.publicKey);
  }
});

test('base32 comes back as it went', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect([...base32Decode(base32Encode(bytes))]).toEqual([...bytes]);
    }),
  );
  // RFC 4648 §10, without padding.
  expect(base32Encode(Buffer.from('foobar'))).toBe('MZXW6YTBOI');
  expect(base32Encode(Buffer.from('fooba'))).toBe('MZXW6YTB');
  expect(base32Encode(Buffer.from('f'))).toBe('MY');
});

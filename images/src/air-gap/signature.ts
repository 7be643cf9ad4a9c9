import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Makes the key pair that bundles are signed with (Ed25519, PEM), never over one that is there. The public half goes to
 * those who install, by another way than the bundle.
 */
export function makeSigningKey(privateFile: string, publicFile: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
    flag: 'wx',
  });
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
}

/** Writes the signature of a file beside it, `FILE.sig`, as `openssl pkeyutl -verify -rawin` checks it. */
export function signFile(file: string, keyFile: string): void {
  const key = createPrivateKey(readFileSync(keyFile));
  if (createPublicKey(key).asymmetricKeyType !== 'ed25519') throw new Error(`${keyFile} is no Ed25519 key`);
  writeFileSync(`${file}.sig`, sign(null, readFileSync(file), key));
}

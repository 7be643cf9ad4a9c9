import { readFileSync, writeFileSync } from 'node:fs';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { BackupError } from './manifest.ts';

const SECRET = /^AGE-SECRET-KEY-1[0-9A-Z]+$/;
const PUBLIC = /^age1[0-9a-z]+$/;

/** Makes the key pair of an installation's backups. @returns the public half; the secret one is in the file alone */
export async function makeKey(file: string): Promise<string> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  // Never over one that is there: what it has encrypted could not be read any more.
  writeFileSync(file, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600, flag: 'wx' });
  return recipient;
}

/** The secret key in a file, as this program or `age-keygen` writes it. @throws BackupError when there is none */
export function readIdentity(file: string): string {
  const line = linesOf(file).find((text) => SECRET.test(text));
  if (line === undefined) throw new BackupError(`${file} holds no key (AGE-SECRET-KEY-1…)`);
  return line;
}

/** The public keys to encrypt for: of a file with public or secret ones, or one that is given itself. */
export async function readRecipients(given: string): Promise<string[]> {
  if (PUBLIC.test(given)) return [given];
  const found = await Promise.all(
    linesOf(given).map(async (line) => {
      if (PUBLIC.test(line)) return line;
      return SECRET.test(line) ? identityToRecipient(line) : undefined;
    }),
  );
  const recipients = found.filter((one) => one !== undefined);
  if (recipients.length === 0) throw new BackupError(`${given} holds no key (age1… or AGE-SECRET-KEY-1…)`);
  return recipients;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim());
  } catch {
    throw new BackupError(`${file} cannot be read`);
  }
}

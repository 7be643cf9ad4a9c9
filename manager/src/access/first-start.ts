import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Db } from '../db/index.ts';
import { hashPassword } from './password.ts';
import { addLogin, ensureAccount, hasLogins } from './store.ts';

export interface FirstStartDeps {
  db: Db;
  zone: string;
  /** Where the password is kept for whoever set the appliance up; printed once without it. */
  passwordFile: string | undefined;
  print: (line: string) => void;
}

/** Makes the account `default` and its first administrator, once. */
export async function firstStart({ db, zone, passwordFile, print }: FirstStartDeps): Promise<void> {
  const accountId = await ensureAccount(db, {
    slug: 'default',
    name: 'Default',
    zone,
    hashKey: randomBytes(32).toString('base64url'),
  });
  if (await hasLogins(db, accountId)) return;
  const password = passwordFile === undefined ? newPassword() : passwordIn(passwordFile);
  const added = await addLogin(db, { accountId, name: 'admin', passwordHash: await hashPassword(password) });
  if (added && passwordFile === undefined)
    print(`First administrator: account "default", login "admin", password "${password}". Shown once.`);
}

function passwordIn(file: string): string {
  if (!existsSync(file)) {
    const password = newPassword();
    writeFileSync(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
    return password;
  }
  const password = readFileSync(file, 'utf8').trim();
  if (password.length < 12) throw new Error(`the password in ${file} has fewer than 12 characters`);
  return password;
}

/** 120 bits, in groups that can be read out. */
function newPassword(): string {
  return randomBytes(15)
    .toString('hex')
    .replace(/(.{6})(?=.)/g, '$1-');
}

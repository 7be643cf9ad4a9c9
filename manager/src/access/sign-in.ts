import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Db } from '../db/index.ts';
import type { Limits } from '../limits/index.ts';
import { hashPassword, passwordMatches } from './password.ts';
import { addSession, findLogin, removeSession, useSession, type AccountRow } from './store.ts';

const IDLE_MS = 12 * 3_600_000;
export const SESSION_MS = 7 * 24 * 3_600_000;

/** Who asks. Every query of a request carries `account.id` of it. */
export interface SignedIn {
  loginId: number;
  login: string;
  role: 'administrator';
  account: AccountRow;
  csrfToken: string;
}

export interface Access {
  /**
   * @returns the token for the cookie and who it stands for; undefined when any of the three is wrong
   * @throws AppError PM-4029 when it was tried too often
   */
  signIn(credentials: SignInInput): Promise<{ token: string; who: SignedIn } | undefined>;
  signOut(token: string): Promise<void>;
  /** Who holds the token; undefined when it is unknown, over or idle for too long. */
  who(token: string): Promise<SignedIn | undefined>;
}

export interface SignInInput {
  account: string;
  login: string;
  password: string;
  /** Where the attempt comes from. */
  address: string;
}

export interface AccessDeps {
  db: Db;
  clock: () => number;
  limits: Limits;
}

/** @param deps clock in ms UTC */
export function createAccess({ db, clock, limits }: AccessDeps): Access {
  // Compared against when there is no such login, so that the answer takes as long as for a wrong password.
  const decoy = hashPassword(randomBytes(16).toString('hex'));
  return {
    async signIn({ account, login, password, address }) {
      const attempt = await limits.beginSignIn({ account, login, address });
      const found = await findLogin(db, account, login);
      const hash = found?.passwordHash ?? (await decoy);
      const matches = await passwordMatches(password, hash);
      if (found === undefined || !matches) return undefined;
      await attempt.succeeded();
      const token = randomBytes(32).toString('base64url');
      const now = clock();
      await addSession(db, {
        tokenHash: tokenHash(token),
        loginId: found.loginId,
        now: new Date(now),
        expiresAt: new Date(now + SESSION_MS),
      });
      return { token, who: signedIn(found, token) };
    },
    signOut: (token) => removeSession(db, tokenHash(token)),
    async who(token) {
      const now = clock();
      const found = await useSession(db, {
        tokenHash: tokenHash(token),
        now: new Date(now),
        idleSince: new Date(now - IDLE_MS),
      });
      return found === undefined ? undefined : signedIn(found, token);
    },
  };
}

/** True when the header carries the anti-forgery token of the session. Compared in constant time. */
export function csrfMatches(who: SignedIn, header: unknown): boolean {
  if (typeof header !== 'string') return false;
  const given = Buffer.from(header);
  const wanted = Buffer.from(who.csrfToken);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function signedIn(
  found: { loginId: number; name: string; role: 'administrator'; account: AccountRow },
  token: string,
): SignedIn {
  return {
    loginId: found.loginId,
    login: found.name,
    role: found.role,
    account: found.account,
    // Bound to the session and not derivable without its cookie; nothing to store.
    csrfToken: createHmac('sha256', token).update('process-meter/csrf').digest('base64url'),
  };
}

function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

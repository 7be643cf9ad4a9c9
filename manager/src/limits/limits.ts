import { createHash } from 'node:crypto';
import { AppError } from '@process-meter/contract';
import type { Db } from '../db/index.ts';
import { callerOf } from './address.ts';
import { countAttempt, forgetAttempts, isNoted, note } from './store.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Per caller. The in-process limits of the routes are the same: they keep a flood from the database. */
export const LIMITS = {
  signIn: { max: 30, windowMs: MINUTE_MS },
  enrol: { max: 600, windowMs: MINUTE_MS },
  renew: { max: 1200, windowMs: MINUTE_MS },
} as const;
/** Failures of one login: 50 in a window of an hour are at most 100 in any hour. */
const FAILURES = { max: 50, windowMs: HOUR_MS };
/** An address from which a login was used keeps a count of its own for so long. */
const KNOWN_FOR_MS = 28 * 24 * HOUR_MS;

export interface SignInAttempt {
  account: string;
  login: string;
  address: string;
}

/** Limits that hold over all Manager processes: they are counted in the database. */
export interface Limits {
  /** @throws AppError PM-4029 when the caller has asked too often */
  take(what: keyof typeof LIMITS, address: string): Promise<void>;
  /**
   * To be called before the password is looked at, so that attempts at the same time all count.
   * @throws AppError PM-4029 when the caller, or anybody for this login, has tried too often
   */
  beginSignIn(attempt: SignInAttempt): Promise<{ succeeded(): Promise<void> }>;
}

export function createLimits({ db, clock }: { db: Db; clock: () => number }): Limits {
  const take: Limits['take'] = async (what, address) => {
    const { max, windowMs } = LIMITS[what];
    const attempt = { bucket: what, key: keyOf(callerOf(address)), now: new Date(clock()), windowMs };
    if ((await countAttempt(db, attempt)) > max) throw new AppError('tooManyRequests');
  };
  return {
    take,
    async beginSignIn({ account, login, address }) {
      await take('signIn', address);
      const now = new Date(clock());
      const known = { bucket: 'known', key: keyOf(account, login, callerOf(address)) };
      // Who guesses from elsewhere cannot shut out the person who signs in from the usual place.
      const failures = (await isNoted(db, { ...known, now }))
        ? { bucket: 'failuresAtKnown', key: known.key }
        : { bucket: 'failures', key: keyOf(account, login) };
      const tried = await countAttempt(db, { ...failures, now, windowMs: FAILURES.windowMs });
      if (tried > FAILURES.max) throw new AppError('tooManyRequests');
      return {
        async succeeded() {
          await forgetAttempts(db, failures);
          await note(db, { ...known, until: new Date(now.getTime() + KNOWN_FOR_MS) });
        },
      };
    },
  };
}

/** Addresses and names are counted by hash: nobody reads them out of the table. */
const keyOf = (...parts: string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest();

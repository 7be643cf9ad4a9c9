import { createHash, timingSafeEqual } from 'node:crypto';
import type { Db } from '../db/index.ts';
import { accountOfSlug } from './store.ts';

/** A program that is no person: it holds a token and may use the routes for services, nothing else. */
export interface Service {
  name: 'operator';
  account: { id: number };
}

export interface ServiceAccess {
  /** @param authorization the header. @returns undefined when it is not the token */
  service(authorization: string | undefined): Promise<Service | undefined>;
}

export interface ServiceAccessDeps {
  db: Db;
  /** Token of the operator; without one no service is let in. */
  token: string | undefined;
}

export function createServiceAccess({ db, token }: ServiceAccessDeps): ServiceAccess {
  const wanted = token === undefined ? undefined : hash(`Bearer ${token}`);
  return {
    async service(authorization) {
      if (wanted === undefined || authorization === undefined) return undefined;
      if (!timingSafeEqual(hash(authorization), wanted)) return undefined;
      const account = await accountOfSlug(db, 'default');
      return account === undefined ? undefined : { name: 'operator', account };
    },
  };
}

/** Hashes have one length, which the comparison needs. */
function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

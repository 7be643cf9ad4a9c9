import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { certificateIn } from '@process-meter/contract';
import type { KeyPair } from './issue.ts';

const DAY_MS = 86_400_000;
/** Life of a certificate of the servers, and of an authority. */
export const LIFE_MS = { certificate: 90 * DAY_MS, authority: 3650 * DAY_MS };
/** What lives is renewed when this share of its life is over. */
const RENEW_SHARE = 2 / 3;

/** One authority of an installation, oldest first in their list. */
export interface Authority extends KeyPair {
  /** Revision that the spec had when it was made. */
  revision: number;
  /** ms since 1970 */
  madeAt: number;
}

export interface AuthorityRules {
  /** One that is larger than all before asks for a new authority. */
  revision: number;
  /** How long agents know an authority before it signs, and one that signs no more. */
  overlapMs: number;
}

export interface AuthorityPlan {
  /** A new one has to be made first. */
  isMakeDue: boolean;
  /** Those that agents trust. */
  trusted: Authority[];
  /** The one of them that signs. Only undefined when there is none. */
  signer: Authority | undefined;
  /** Instant at which the answer may be another, ms since 1970. */
  nextAt: number;
}

/**
 * Which authorities count at an instant. A new one is trusted from the start and signs after the overlap; the one before
 * is trusted for one more overlap. So no agent meets a server whose authority it was not told of in time.
 */
export function planAuthorities(
  kept: readonly Authority[],
  { revision, overlapMs }: AuthorityRules,
  now: number,
): AuthorityPlan {
  const newest = kept.at(-1);
  if (newest === undefined) return { isMakeDue: true, trusted: [], signer: undefined, nextAt: now };
  const signs = Math.max(
    0,
    kept.findLastIndex(({ madeAt }) => madeAt + overlapMs <= now),
  );
  const signer = kept[signs];
  const isAlone = signs === 0 || (signer?.madeAt ?? 0) + 2 * overlapMs <= now;
  const trusted = isAlone ? kept.slice(signs) : [...kept];
  const renewAt = newest.madeAt + LIFE_MS.authority * RENEW_SHARE;
  const isAsked = kept.every((one) => one.revision < revision);
  const turns = kept.slice(1).flatMap(({ madeAt }) => [madeAt + overlapMs, madeAt + 2 * overlapMs]);
  return {
    isMakeDue: isAsked || renewAt <= now,
    trusted,
    signer,
    nextAt: Math.min(...[renewAt, ...turns].filter((at) => at > now)),
  };
}

/** When a certificate is to be renewed, ms since 1970. */
export function renewalOf({ validFromDate, validToDate }: X509Certificate): number {
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return from + (to - from) * RENEW_SHARE;
}

/** The certificate of the servers when it can stay as it is: signed by the authority, for exactly these names, not due. */
export function certificateThatStays(
  pair: KeyPair,
  wanted: { authority: Authority; names: readonly string[] },
  now: number,
): X509Certificate | undefined {
  const certificate = certificateIn(pair.certificate);
  const authority = certificateIn(wanted.authority.certificate);
  if (certificate === undefined || authority === undefined) return undefined;
  const stays =
    certificate.verify(authority.publicKey) &&
    isFor(certificate, wanted.names) &&
    isKeyOf(certificate, pair.key) &&
    renewalOf(certificate) > now;
  return stays ? certificate : undefined;
}

function isFor(certificate: X509Certificate, names: readonly string[]): boolean {
  const said = certificate.subjectAltName?.split(', ') ?? [];
  const covers = (name: string): boolean =>
    (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
  return said.length === names.length && names.every(covers);
}

function isKeyOf(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

import { X509Certificate } from 'node:crypto';
import { z } from 'zod';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const MOST = 16;

/** One certificate in PEM. */
const certificateSchema = z
  .string()
  .max(8192)
  .refine((pem) => certificateIn(pem) !== undefined, 'no certificate in PEM');

/**
 * Authorities by which alone an agent trusts the NATS servers. None: those that the computer knows. They are no secret.
 */
export const authoritiesSchema = z.array(certificateSchema).max(MOST);

/** The certificates in a file that holds several. @throws when there is none, or one cannot be read */
export function authoritiesIn(bundle: string): string[] {
  const found = bundle.match(CERTIFICATE) ?? [];
  return authoritiesSchema.min(1).parse(found.map((pem) => `${pem}\n`));
}

/** What a certificate says; undefined when it is none. */
export function certificateIn(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

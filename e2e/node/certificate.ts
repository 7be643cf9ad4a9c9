import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '@process-meter/e2e/lab';

/** A certificate for one address, and the authority that vouches for it. */
export interface Certificate {
  /** File of the authority, which a customer's computers know. */
  authority: string;
  /** PEM, as in a Secret of the type `kubernetes.io/tls`. */
  secret: { 'tls.crt': string; 'tls.key': string };
}

/** Makes them into a folder. */
export async function certificateFor(address: string, folder: string): Promise<Certificate> {
  const file = (name: string): string => join(folder, name);
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = ['-keyout', file('ca.key'), '-out', file('ca.crt')];
  await runCommand('openssl', [...made, '-days', '2', '-subj', '/CN=corp-ca', ...authority]);
  const names = ['-addext', `subjectAltName=IP:${address}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
  const signed = ['-CA', file('ca.crt'), '-CAkey', file('ca.key')];
  const server = ['-keyout', file('tls.key'), '-out', file('tls.crt')];
  await runCommand('openssl', [...made, '-days', '2', '-subj', '/CN=nats', ...names, ...signed, ...server]);
  const read = (name: string): string => readFileSync(file(name), 'utf8');
  return {
    authority: file('ca.crt'),
    secret: { 'tls.crt': read('tls.crt'), 'tls.key': read('tls.key') },
  };
}

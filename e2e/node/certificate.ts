import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '@process-meter/e2e/lab';

const MADE = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A customer's authority, as files in a folder. @returns the file that computers know it by */
export async function makeAuthority(folder: string): Promise<string> {
  const [key, certificate] = [join(folder, 'ca.key'), join(folder, 'ca.crt')];
  const to = ['-keyout', key, '-out', certificate];
  await runCommand('openssl', [...MADE, '-days', '2', '-subj', '/CN=corp-ca', ...to]);
  return certificate;
}

/** A new certificate of the authority in a folder, in a Secret of the type `kubernetes.io/tls`. */
export async function certificateSecret(
  folder: string,
  { address, name, namespace }: { address: string; name: string; namespace: string },
): Promise<object> {
  const file = (ending: string): string => join(folder, `${name}.${ending}`);
  const names = ['-addext', `subjectAltName=IP:${address}`, '-addext', 'basicConstraints=critical,CA:FALSE'];
  const signed = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')];
  const to = ['-keyout', file('key'), '-out', file('crt')];
  await runCommand('openssl', [...MADE, '-days', '2', '-subj', '/CN=nats', ...names, ...signed, ...to]);
  const read = (ending: string): string => readFileSync(file(ending), 'utf8');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name, namespace },
    stringData: { 'tls.crt': read('crt'), 'tls.key': read('key') },
  };
}

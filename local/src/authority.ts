import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An authority for the length of a test. */
export interface LocalAuthority {
  /** Its certificate, PEM. */
  certificate: string;
  /** A new certificate of 127.0.0.1 by it, PEM. */
  issue(): { cert: string; key: string };
  forget(): void;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
const OF_A_SERVER = ['subjectAltName=IP:127.0.0.1', 'basicConstraints=critical,CA:FALSE'];

/** Makes an authority with the machine's own `openssl`. */
export function makeLocalAuthority(name: string): LocalAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'pm-authority-'));
  const path = (file: string): string => join(folder, file);
  const read = (file: string): string => readFileSync(path(file), 'utf8');
  const request = (subject: string, to: string, more: readonly string[]): void => {
    const files = ['-keyout', path(`${to}.key`), '-out', path(`${to}.crt`)];
    const args = ['req', '-x509', ...NEW_KEY, '-subj', `/CN=${subject}`, ...more, ...files];
    execFileSync('openssl', args, { stdio: 'ignore' });
  };
  request(name, 'ca', []);
  return {
    certificate: read('ca.crt'),
    issue() {
      const signed = ['-CA', path('ca.crt'), '-CAkey', path('ca.key')];
      request('server', 'server', [...signed, ...OF_A_SERVER.flatMap((extension) => ['-addext', extension])]);
      return { cert: read('server.crt'), key: read('server.key') };
    },
    forget: () => rmSync(folder, { recursive: true }),
  };
}

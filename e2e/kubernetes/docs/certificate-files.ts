import type { Reader } from './reader.ts';

/** The certificate that a reader has for the name of the portal: `tls.crt` and `tls.key`. */
export async function certificateFiles(reader: Reader): Promise<void> {
  await reader.shell(
    'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=meter.corp.local ' +
      '-keyout tls.key -out tls.crt && cp tls.crt ca.crt',
  );
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { expect, onTestFinished, test } from 'vitest';
import { kubeConfigCredentials, loadCredentials, podCredentials } from './credentials.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pm-credentials-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function config(cluster: object, user: object): KubeConfig {
  const loaded = new KubeConfig();
  loaded.loadFromString(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
      users: [
        { name: 'u', user },
        { name: 'other', user: { token: 'not-this-one' } },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  return loaded;
}

test('in a pod the token is read again every minute, and at once after a 401', async () => {
  const path = folder();
  let now = 0;
  writeFileSync(join(path, 'token'), 'first\n');
  writeFileSync(join(path, 'ca.crt'), 'authority');
  const credentials = podCredentials({ server: 'https://10.96.0.1:443', folder: path, monotonic: () => now });
  const token = async () => (await credentials.current()).headers['authorization'];
  expect(await token()).toBe('Bearer first');
  expect(String((await credentials.current()).tls.ca)).toBe('authority');
  writeFileSync(join(path, 'token'), 'second\n');
  now = 59_000;
  expect(await token()).toBe('Bearer first');
  now = 60_001;
  expect(await token()).toBe('Bearer second');
  writeFileSync(join(path, 'token'), 'third\n');
  credentials.refresh();
  expect(await token()).toBe('Bearer third');
});

test('a kubeconfig gives token, authority and client certificate of its current context', async () => {
  const data = (text: string) => Buffer.from(text).toString('base64');
  const credentials = kubeConfigCredentials(
    config(
      { 'certificate-authority-data': data('ca'), 'tls-server-name': 'kubernetes' },
      { token: 'secret', 'client-certificate-data': data('cert'), 'client-key-data': data('key') },
    ),
  );
  const { headers, tls } = await credentials.current();
  expect(headers).toEqual({ authorization: 'Bearer secret' });
  expect([tls.ca, tls.cert, tls.key].map(String)).toEqual(['ca', 'cert', 'key']);
  expect(tls.servername).toBe('kubernetes');
});

test('H13: an http server, as of kubectl proxy, works as it is', async () => {
  const credentials = kubeConfigCredentials(config({ server: 'http://127.0.0.1:8001' }, {}));
  expect(credentials.server).toBe('http://127.0.0.1:8001');
  expect(await credentials.current()).toEqual({ headers: {}, tls: { rejectUnauthorized: false } });
  const elsewhere = config({ server: 'http://api.example.com' }, { token: 'secret' });
  expect(() => kubeConfigCredentials(elsewhere)).toThrow(/unencrypted/);
});

test('H15: a kubeconfig that impersonates is refused, because groups would be merged into one', () => {
  expect(() => kubeConfigCredentials(config({}, { as: 'somebody', token: 't' }))).toThrow(/impersonat/);
});

test('outside of a pod the kubeconfig counts, and in a pod too if KUBECONFIG names one', async () => {
  const file = join(folder(), 'config');
  writeFileSync(file, config({}, { token: 'from-file' }).exportConfig());
  const before = process.env['KUBECONFIG'];
  process.env['KUBECONFIG'] = file;
  onTestFinished(() => {
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
  });
  const env = { KUBECONFIG: file, KUBERNETES_SERVICE_HOST: '10.96.0.1' };
  const credentials = await loadCredentials(env, () => 0);
  expect((await credentials.current()).headers).toEqual({ authorization: 'Bearer from-file' });
  const pod = await loadCredentials(
    { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' },
    () => 0,
  );
  expect(pod.server).toBe('https://[fd00::1]:6443');
});

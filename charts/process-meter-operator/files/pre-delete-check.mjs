// Ends with 1 and says why while there are ProcessMeters in the watched namespaces, else with 0.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const {
  PM_WATCH_NAMESPACES = '',
  KUBERNETES_SERVICE_HOST = '',
  KUBERNETES_SERVICE_PORT = '443',
} = process.env;
const folder = process.env.PM_ACCOUNT_FOLDER ?? '/var/run/secrets/kubernetes.io/serviceaccount';
const token = readFileSync(`${folder}/token`, 'utf8').trim();
const ca = readFileSync(`${folder}/ca.crt`);
const host = KUBERNETES_SERVICE_HOST;

const found = [];
for (const namespace of PM_WATCH_NAMESPACES.split(',').filter(Boolean)) {
  const path = `/apis/processmeter.io/v1alpha1/namespaces/${namespace}/processmeters`;
  const { status, body } = await get(path);
  // Without the definitions there is nothing to lose.
  if (status === 404) continue;
  if (status !== 200) fail(`the API server answered ${status} for ${path}: ${body}`);
  found.push(...JSON.parse(body).items.map(({ metadata }) => `${namespace}/${metadata.name}`));
}
if (found.length > 0) {
  fail(
    `still there: ProcessMeter ${found.join(', ')}. ` +
      'Uninstall them first, or set preDeleteCheck.enabled to false to leave them without an operator.',
  );
}
process.stdout.write('no ProcessMeter is left\n');

function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

function get(path) {
  return new Promise((resolve, reject) => {
    const options = { host, port: KUBERNETES_SERVICE_PORT, path, ca, timeout: 15_000 };
    const sent = request({ ...options, headers: { authorization: `Bearer ${token}` } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
      response.once('end', () => resolve({ status: response.statusCode, body }));
    });
    sent.once('timeout', () => sent.destroy(new Error('the API server does not answer')));
    sent.once('error', reject);
    sent.end();
  });
}

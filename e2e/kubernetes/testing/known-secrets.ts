import { searchBytes, type Found } from '@process-meter/e2e/stack/byte-search';
import { z } from 'zod';

type Kubectl = (...args: string[]) => Promise<string>;

const secretsSchema = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({ name: z.string() }),
      data: z.record(z.string(), z.string()).default({}),
    }),
  ),
});
/** What everybody may know: certificates, and what the NATS servers show of the trust. */
const PUBLIC_KEYS = new Set([
  'ca.crt',
  'tls.crt',
  'nats-trust.conf',
  'operator.jwt',
  'account.jwt',
  'system.jwt',
]);
const PUBLIC_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Long enough to be nobody else's bytes, and more than a word. */
const SECRET = /[A-Za-z0-9+/_-]{20,}/g;

/** Every secret value in the Secrets of a namespace: passwords, keys, seeds, tokens; of a long one its lines. */
export async function secretValues(kubectl: Kubectl): Promise<string[]> {
  const { items } = secretsSchema.parse(JSON.parse(await kubectl('get', 'secrets', '-o', 'json')));
  const texts = items.flatMap(({ data }) =>
    Object.entries(data)
      .filter(([key]) => !PUBLIC_KEYS.has(key))
      .map(([, value]) => Buffer.from(value, 'base64').toString('utf8')),
  );
  const values = texts.flatMap(
    (text) => text.replaceAll('\\n', '\n').replace(PUBLIC_CERTIFICATE, '').match(SECRET) ?? [],
  );
  return [...new Set(values)].filter((value) => /[0-9]/.test(value));
}

/** Everything that the API server tells of a namespace to somebody who may not read Secrets, by how it was asked. */
export async function everythingTold(kubectl: Kubectl): Promise<Map<string, string>> {
  const listed = await kubectl('api-resources', '--namespaced', '--verbs=list', '-o', 'name');
  const kinds = listed.split('\n').filter((name) => name !== '' && name !== 'secrets');
  const told = new Map<string, string>();
  for (const kind of kinds) {
    told.set(`get ${kind}`, await kubectl('get', kind, '-o', 'yaml', '--show-managed-fields'));
    told.set(`describe ${kind}`, await kubectl('describe', kind));
  }
  // Of Secrets it is told how large they are.
  told.set('describe secrets', await kubectl('describe', 'secrets'));
  return told;
}

/** Where a secret value stands in texts, in whatever writing. */
export function secretsIn(texts: ReadonlyMap<string, string>, values: readonly string[]): Found[] {
  return [...texts].flatMap(([where, text]) => searchBytes(Buffer.from(text), where, values));
}

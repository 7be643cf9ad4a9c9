import { completeTrustFiles } from '@process-meter/contract';
import { SECRETS } from '../resources.ts';
import { KubeError, ownerReference, type KubeObject } from '../runtime/index.ts';
import { metadataOf } from '../render/installation.ts';
import { ROUTES_KEY } from '../render/nats.ts';
import { PORTS } from '../render/names.ts';
import { TOKEN_KEY } from '../render/parts.ts';
import { done, stall, type Pass, type StepDeps, type StepResult } from './pass.ts';

interface Generated {
  name: string;
  content: () => Record<string, string>;
  /** What is lost with it when it is deleted after the first start. */
  loss?: string;
}

/**
 * Secrets that nobody gave are made once and never changed. One that is lost later is not made anew behind people's
 * backs: what was made with the old keys would stop working without a word.
 */
export async function generatedSecrets(pass: Pass, deps: StepDeps): Promise<StepResult> {
  const started = pass.installed.schemaVersion !== undefined;
  for (const secret of wanted(pass, deps)) {
    const key = { namespace: pass.installation.namespace, name: secret.name };
    const live = await deps.client.get(SECRETS, key, { signal: pass.signal });
    if (live !== undefined) {
      await keepOwner(pass, deps, live);
      continue;
    }
    if (started && secret.loss !== undefined)
      return stall(
        'GeneratedSecretLost',
        `Secret ${secret.name} is gone, and with it ${secret.loss}. Restore it from a backup.`,
      );
    if (!started || secret.loss !== undefined || secret.name !== pass.installation.names.admin)
      await createSecret(pass, deps, secret);
  }
  return done('SecretsReady', 'The generated Secrets are there.');
}

function wanted({ installation }: Pass, { password, now }: StepDeps): Generated[] {
  const { names, spec, namespace } = installation;
  const postgres = (): Record<string, string> => {
    const secret = password();
    const host = `${names.postgres}.${namespace}.svc:${PORTS.postgres}`;
    return { password: secret, uri: `postgres://meter:${secret}@${host}/meter` };
  };
  return [
    { name: names.service, content: () => ({ [TOKEN_KEY]: password() }) },
    ...(spec.manager?.adminSecretRef === undefined
      ? [{ name: names.admin, content: () => ({ password: password() }) }]
      : []),
    ...(spec.database.mode === 'Embedded'
      ? [{ name: names.postgres, content: postgres, loss: 'the password of the database' }]
      : []),
    ...(spec.messaging.mode === 'Embedded'
      ? [
          { name: names.nats, content: () => ({ [ROUTES_KEY]: password() }) },
          { name: names.trust, content: () => trustFiles(now()), loss: 'the keys that every agent trusts' },
        ]
      : []),
  ];
}

function trustFiles(now: number): Record<string, string> {
  const files: Record<string, string> = {};
  completeTrustFiles((name, make) => (files[name] ??= make()), now);
  return files;
}

/** A Secret goes with its ProcessMeter only where its deletion policy says so. */
function owners({ installation, object }: Pass): object[] {
  return installation.spec.deletionPolicy === 'Delete' ? [ownerReference(object)] : [];
}

/** Makes a Secret that is not there. */
export async function createSecret(
  pass: Pass,
  { client }: Pick<StepDeps, 'client'>,
  { name, content }: Pick<Generated, 'name' | 'content'>,
): Promise<void> {
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadataOf(pass.installation, 'manager', name), ownerReferences: [] },
    type: 'Opaque',
    data: Object.fromEntries(
      Object.entries(content()).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  };
  try {
    const stored = await client.create(SECRETS, secret, { signal: pass.signal });
    await keepOwner(pass, { client }, stored);
  } catch (error) {
    // Made meanwhile, or by a try whose answer was lost.
    if (!(error instanceof KubeError) || !error.alreadyExists) throw error;
  }
}

/** Gives a generated Secret the owner that the deletion policy says, or takes it away. */
export async function keepOwner(
  pass: Pass,
  { client }: Pick<StepDeps, 'client'>,
  live: KubeObject,
): Promise<void> {
  const references = live.metadata.ownerReferences ?? [];
  const mine = references.some(({ uid }) => uid === pass.object.metadata.uid);
  const wantedOwners = owners(pass);
  if (mine === wantedOwners.length > 0) return;
  const others = references.filter(({ uid }) => uid !== pass.object.metadata.uid);
  const key = { namespace: pass.installation.namespace, name: live.metadata.name };
  const patch = { metadata: { ownerReferences: [...others, ...wantedOwners] } };
  await client.merge(SECRETS, key, patch, { signal: pass.signal });
}

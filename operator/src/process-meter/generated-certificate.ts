import { z } from 'zod';
import type { ProcessMeterSpec } from '@process-meter/crds';
import { durationMs } from '@process-meter/crds';
import type { KeyPair } from '../certificates/issue.ts';
import {
  LIFE_MS,
  certificateThatStays,
  planAuthorities,
  renewalOf,
  type Authority,
  type AuthorityPlan,
} from '../certificates/renewal.ts';
import { certificateIn } from '@process-meter/contract';
import { AUTHORITIES_KEY, serverNames } from '../render/certificate.ts';
import { TLS_FILES } from '../render/nats.ts';
import { SECRETS } from '../resources.ts';
import type { KubeObject } from '../runtime/index.ts';
import { createSecret, keepOwner } from './generated-secrets.ts';
import { stall, type Pass, type StepDeps, type StepResult } from './pass.ts';

type Generated = NonNullable<
  NonNullable<NonNullable<ProcessMeterSpec['messaging']['embedded']>['tls']>['generated']
>;
/** As the API server fills them in where the member is given. */
const DEFAULTS: Generated = { revision: 1, overlap: '24h' };
/** Key of the list in the Secret of the authorities; nobody but the operator reads it. */
const LIST_KEY = 'authorities.json';

/** Loaded where something is due: it takes 24 MB, which most passes of most operators never need. */
const issuing = () => import('../certificates/issue.ts');

const authoritySchema = z.object({
  revision: z.int(),
  madeAt: z.number(),
  certificate: z.string().refine((pem) => certificateIn(pem) !== undefined),
  key: z.string(),
});
const listSchema = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(authoritySchema).min(1));

/** Makes the authorities and the certificate of the servers where they are missing, and renews them in time. */
export async function generatedCertificate(
  pass: Pass,
  deps: StepDeps,
  generated: Generated = DEFAULTS,
): Promise<StepResult | undefined> {
  const { names } = pass.installation;
  const kept = await read(pass, deps, names.authority);
  const server = await read(pass, deps, names.natsServer);
  // A new authority would be one that no agent knows: it is made behind nobody's back.
  if (kept === undefined && server !== undefined) return lost(names.authority, 'is gone');
  const list = kept === undefined ? [] : authoritiesOf(kept);
  if (list === undefined) return lost(names.authority, `has no ${LIST_KEY} that can be read`);
  const plan = await plannedAuthorities(pass, deps, { list, generated });
  await keepAuthorities(pass, deps, { live: kept, before: list, plan });
  const renewAt = await keepCertificate(pass, deps, { live: server, authority: plan.signer });
  pass.lookAt = Math.min(plan.nextAt, renewAt);
  return undefined;
}

function lost(name: string, how: string): StepResult {
  return stall(
    'GeneratedSecretLost',
    `Secret ${name} ${how}, and with it the authority that agents trust the NATS servers by. Restore it from a backup.`,
  );
}

type Plan = Omit<AuthorityPlan, 'signer'> & { signer: Authority };

async function plannedAuthorities(
  { installation }: Pass,
  { now }: StepDeps,
  { list, generated }: { list: Authority[]; generated: Generated },
): Promise<Plan> {
  const { revision } = generated;
  const rules = { revision, overlapMs: durationMs(generated.overlap) };
  const at = now();
  const first = planAuthorities(list, rules, at);
  const plan = first.isMakeDue
    ? planAuthorities([...list, await newAuthority(installation.name, revision, at)], rules, at)
    : first;
  const { signer } = plan;
  if (signer === undefined) throw new Error('no authority signs');
  return { ...plan, signer };
}

async function newAuthority(name: string, revision: number, now: number): Promise<Authority> {
  const day = new Date(now).toISOString().slice(0, 10);
  const { makeAuthority } = await issuing();
  const pair = await makeAuthority(`Process Meter ${name} ${day} ${revision}`, {
    now,
    lifeMs: LIFE_MS.authority,
  });
  return { revision, madeAt: now, ...pair };
}

async function keepAuthorities(
  pass: Pass,
  deps: StepDeps,
  { live, before, plan }: { live: KubeObject | undefined; before: Authority[]; plan: Plan },
): Promise<void> {
  const { trusted } = plan;
  const bundle = trusted.map(({ certificate }) => certificate).join('');
  const isSame =
    trusted.length === before.length &&
    trusted.every((one) => before.includes(one)) &&
    textOf(live, AUTHORITIES_KEY) === bundle;
  const content = { [LIST_KEY]: JSON.stringify(trusted), [AUTHORITIES_KEY]: bundle };
  const { authority: name } = pass.installation.names;
  await keep(pass, deps, { name, live, content: isSame ? undefined : content });
}

/** @returns when it is to be renewed, ms since 1970 */
async function keepCertificate(
  pass: Pass,
  deps: StepDeps,
  { live, authority }: { live: KubeObject | undefined; authority: Authority },
): Promise<number> {
  const names = serverNames(pass.installation);
  const { natsServer: name } = pass.installation.names;
  const now = deps.now();
  const there: KeyPair = {
    certificate: textOf(live, TLS_FILES[0]) ?? '',
    key: textOf(live, TLS_FILES[1]) ?? '',
  };
  const stays = certificateThatStays(there, { authority, names }, now);
  if (stays !== undefined) {
    await keep(pass, deps, { name, live, content: undefined });
    return renewalOf(stays);
  }
  const { issueCertificate } = await issuing();
  const issued = await issueCertificate(authority, names, { now, lifeMs: LIFE_MS.certificate });
  const content = { [TLS_FILES[0]]: issued.certificate, [TLS_FILES[1]]: issued.key };
  await keep(pass, deps, { name, live, content });
  const made = certificateIn(issued.certificate);
  return made === undefined ? now : renewalOf(made);
}

/** Makes the Secret, or changes it as it was read: whoever was quicker has the next pass look again. */
async function keep(
  pass: Pass,
  deps: StepDeps,
  {
    name,
    live,
    content,
  }: { name: string; live: KubeObject | undefined; content: Record<string, string> | undefined },
): Promise<void> {
  if (live === undefined) {
    if (content !== undefined) await createSecret(pass, deps, { name, content: () => content });
    return;
  }
  await keepOwner(pass, deps, live);
  if (content === undefined) return;
  const data = Object.fromEntries(
    Object.entries(content).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const { namespace } = pass.installation;
  const { resourceVersion } = live.metadata;
  await deps.client.merge(
    SECRETS,
    { namespace, name },
    { metadata: { resourceVersion }, data },
    { signal: pass.signal },
  );
}

function read(pass: Pass, { client }: StepDeps, name: string): Promise<KubeObject | undefined> {
  return client.get(SECRETS, { namespace: pass.installation.namespace, name }, { signal: pass.signal });
}

function authoritiesOf(secret: KubeObject): Authority[] | undefined {
  try {
    return listSchema.parse(textOf(secret, LIST_KEY));
  } catch {
    return undefined;
  }
}

const dataSchema = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });

function textOf(secret: KubeObject | undefined, key: string): string | undefined {
  if (secret === undefined) return undefined;
  const value = dataSchema.parse(secret).data[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}

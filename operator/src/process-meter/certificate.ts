import type { ProcessMeterSpec } from '@process-meter/crds';
import { authoritiesIn, certificateIn } from '@process-meter/contract';
import { z } from 'zod';
import { AUTHORITIES_KEY, certificateSecret, renderCertificate } from '../render/certificate.ts';
import { TLS_FILES } from '../render/nats.ts';
import { CERTIFICATES } from '../resources.ts';
import { FIELD_MANAGER } from './field-manager.ts';
import { generatedCertificate } from './generated-certificate.ts';
import { stall, wait, type Pass, type StepDeps, type StepResult } from './pass.ts';

type Embedded = NonNullable<ProcessMeterSpec['messaging']['embedded']>;
type CertManager = NonNullable<NonNullable<Embedded['tls']>['certManager']>;

/** What is needed of a Certificate's status, as cert-manager writes it. */
const certificateSchema = z.looseObject({
  status: z
    .looseObject({
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .prefault({}),
});

/**
 * Sees to the certificate of the servers, and leaves in the pass which authorities agents trust them by.
 * @returns undefined when its Secret is as it should be, or nobody is to see to one
 */
export async function certificateStep(
  pass: Pass,
  deps: StepDeps,
  embedded: Embedded,
): Promise<StepResult | undefined> {
  const { tls } = embedded;
  if (tls === undefined) return undefined;
  const outcome =
    tls.mode === 'Generated'
      ? await generatedCertificate(pass, deps, tls.generated)
      : await issuedCertificate(pass, deps, tls.certManager);
  return outcome ?? bindAuthorities(pass, deps, embedded);
}

/** By cert-manager; nothing to do where the Secret is somebody's own. */
async function issuedCertificate(
  pass: Pass,
  deps: StepDeps,
  certManager: CertManager | undefined,
): Promise<StepResult | undefined> {
  if (certManager === undefined) return undefined;
  const { installation, object: owner, signal } = pass;
  const { namespace, names } = installation;
  const desired = renderCertificate(installation, certManager);
  const certificate = await deps.optional.apply(desired, { owner, manager: FIELD_MANAGER, signal });
  if (certificate === undefined)
    return stall(
      'CertManagerMissing',
      'This cluster has no cert-manager (cert-manager.io/v1).',
      deps.lookAgainMs,
    );
  // One that cannot be renewed just now is good until its end.
  if ((await deps.secrets.read(namespace, names.natsCertificate, signal)) !== undefined) return undefined;
  const { conditions } = certificateSchema.parse(certificate).status;
  const said = conditions.find(({ type }) => type === 'Ready')?.message ?? '';
  return wait(
    'CertificateNotReady',
    `Certificate ${names.natsCertificate} has not been issued yet${said === '' ? '.' : `: ${said}`}`,
    deps.lookAgainMs,
  );
}

/** When the certificate in a Secret ends, ms since 1970; undefined where there is none to read. */
export async function certificateEnd(
  { installation, signal }: Pick<Pass, 'installation' | 'signal'>,
  { secrets }: Pick<StepDeps, 'secrets'>,
  secretName: string | undefined,
): Promise<number | undefined> {
  if (secretName === undefined) return undefined;
  const content = await secrets.read(installation.namespace, secretName, signal);
  return certificateIn(content?.[TLS_FILES[0]] ?? '')?.validToDate.getTime();
}

/** Removes what cert-manager was asked for, once the servers show another certificate. */
export async function tidyCertificate(pass: Pass, deps: StepDeps, { tls }: Embedded): Promise<void> {
  if (tls?.mode === 'CertManager') return;
  const { installation, object, signal } = pass;
  const key = { namespace: installation.namespace, name: installation.names.natsCertificate };
  if (await deps.optional.serves(CERTIFICATES, signal))
    await deps.optional.remove(object, CERTIFICATES, { key, signal });
}

/** Authorities that stand beside the certificate are the ones that agents are told. */
async function bindAuthorities(
  pass: Pass,
  deps: StepDeps,
  embedded: Embedded,
): Promise<StepResult | undefined> {
  const { installation, signal } = pass;
  const own = embedded.tls?.mode === 'Generated';
  const name = own ? installation.names.authority : (certificateSecret(installation, embedded) ?? '');
  const content = await deps.secrets.read(installation.namespace, name, signal);
  const bundle = content?.[AUTHORITIES_KEY];
  // A Secret that is not there is told of where its certificate is read.
  if (bundle === undefined || bundle.trim() === '') return undefined;
  try {
    authoritiesIn(bundle);
  } catch {
    return stall(
      'CertificateNotReady',
      `Key ${AUTHORITIES_KEY} of Secret ${name} holds no certificates in PEM.`,
    );
  }
  pass.authoritiesSecretRef = { name, key: AUTHORITIES_KEY };
  return undefined;
}

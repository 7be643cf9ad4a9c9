import { TRUST_FILES } from '@process-meter/contract';
import type { ProcessMeterSpec } from '@process-meter/crds';
import { certificateSecret } from '../render/certificate.ts';
import { PORTS } from '../render/names.ts';
import { ROUTES_KEY, TLS_FILES, embeddedMessaging, renderNats } from '../render/nats.ts';
import { certificateEnd, certificateStep, tidyCertificate } from './certificate.ts';
import { runs } from './database.ts';
import { serversRefused } from './nats-servers.ts';
import { done, make, stall, type Pass, type StepDeps, type StepResult } from './pass.ts';
import { portsIn } from './ports.ts';
import { growVolumes } from './volumes.ts';

type Messaging = ProcessMeterSpec['messaging'];
type External = NonNullable<Messaging['external']>;
type Embedded = NonNullable<Messaging['embedded']>;

/** Finds or runs the message servers, and leaves in the pass where they and the keys to them are. */
export function messagingStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  const { external, embedded } = pass.installation.spec.messaging;
  if (external !== undefined) return bindServers(pass, deps, external);
  if (embedded === undefined) throw new Error('spec.messaging names no servers');
  return runServers(pass, deps, embedded);
}

async function bindServers(pass: Pass, deps: StepDeps, external: External): Promise<StepResult> {
  const { servers, trustSecretRef, streamReplicas, streamSize } = external;
  const { namespace } = pass.installation;
  const keys = [...TRUST_FILES.manager, ...TRUST_FILES.ingest];
  const state = await deps.secrets.state(namespace, [{ name: trustSecretRef.name, keys }], pass.signal);
  if ('missing' in state)
    return stall(
      'TrustSecretMissing',
      `There is no ${state.missing}; \`manager trust init\` makes its files.`,
    );
  pass.bindings.messaging = { servers, trustSecretRef, streamReplicas, streamSize };
  pass.outer.messaging = [...new Set(servers.flatMap((server) => portsIn(server, PORTS.nats)))];
  return done('MessagingBound', `Secret ${trustSecretRef.name} holds the keys to the servers.`);
}

async function runServers(pass: Pass, deps: StepDeps, embedded: Embedded): Promise<StepResult> {
  const { namespace, names } = pass.installation;
  const certified = await certificateStep(pass, deps, embedded);
  if (certified !== undefined) return certified;
  const tlsSecretName = certificateSecret(pass.installation, embedded);
  const uses = [
    { name: names.trust, keys: TRUST_FILES.nats },
    { name: names.nats, keys: [ROUTES_KEY] },
    // A new certificate is taken by new pods, one after the other.
    ...(tlsSecretName === undefined ? [] : [{ name: tlsSecretName, keys: TLS_FILES }]),
  ];
  const state = await deps.secrets.state(namespace, uses, pass.signal);
  if ('missing' in state) return stall('TrustSecretMissing', `There is no ${state.missing}.`);
  const desired = renderNats(pass.installation, { ...embedded, tlsSecretName }, state.checksum);
  const refused = serversRefused(deps, desired);
  if (refused !== undefined) return refused;
  const growing = await growVolumes(pass, deps, { desired, reason: 'NatsNotReady' });
  if (growing !== undefined) return growing;
  const objects = await make(pass, deps, desired);
  const running = runs(pass, 'Nats', objects);
  if (running !== undefined) return running;
  await tidyCertificate(pass, deps, embedded);
  const { authoritiesSecretRef } = pass;
  pass.bindings.messaging = {
    ...embeddedMessaging(pass.installation),
    ...(authoritiesSecretRef === undefined ? {} : { authoritiesSecretRef }),
  };
  const end = await certificateEnd(pass, deps, tlsSecretName);
  deps.metrics.certificateEnds(pass.installation.name, end);
  return serversReady(embedded.replicas, end);
}

function serversReady(replicas: number, end: number | undefined): StepResult {
  const ready = `${replicas} of ${replicas} NATS servers are ready`;
  if (end === undefined) return done('ServersReady', `${ready}.`);
  const day = new Date(end).toISOString().slice(0, 10);
  return done('ServersReady', `${ready}; their certificate ends ${day}.`);
}

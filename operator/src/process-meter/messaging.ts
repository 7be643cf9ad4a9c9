import { TRUST_FILES } from '@process-meter/contract';
import { PORTS } from '../render/names.ts';
import { ROUTES_KEY, TLS_FILES, embeddedMessaging, renderNats } from '../render/nats.ts';
import { runs } from './database.ts';
import { serversRefused } from './nats-servers.ts';
import { done, make, stall, type Pass, type StepDeps, type StepResult } from './pass.ts';
import { portsIn } from './ports.ts';
import { growVolumes } from './volumes.ts';

/** Finds or runs the message servers, and leaves in the pass where they and the keys to them are. */
export async function messagingStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  const { namespace, names, spec } = pass.installation;
  const { external, embedded } = spec.messaging;
  if (external !== undefined) {
    const { servers, trustSecretRef, streamReplicas, streamSize } = external;
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
  if (embedded === undefined) throw new Error('spec.messaging names no servers');
  const uses = [
    { name: names.trust, keys: TRUST_FILES.nats },
    { name: names.nats, keys: [ROUTES_KEY] },
    // A new certificate is taken by new pods, one after the other.
    ...(embedded.tlsSecretName === undefined ? [] : [{ name: embedded.tlsSecretName, keys: TLS_FILES }]),
  ];
  const state = await deps.secrets.state(namespace, uses, pass.signal);
  if ('missing' in state) return stall('TrustSecretMissing', `There is no ${state.missing}.`);
  const desired = renderNats(pass.installation, embedded, state.checksum);
  const refused = serversRefused(deps, desired);
  if (refused !== undefined) return refused;
  const growing = await growVolumes(pass, deps, { desired, reason: 'NatsNotReady' });
  if (growing !== undefined) return growing;
  const objects = await make(pass, deps, desired);
  const running = runs(pass, 'Nats', objects);
  if (running !== undefined) return running;
  pass.bindings.messaging = embeddedMessaging(pass.installation);
  return done('ServersReady', `${embedded.replicas} of ${embedded.replicas} NATS servers are ready.`);
}

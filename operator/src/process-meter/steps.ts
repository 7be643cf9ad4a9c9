import { HTTP_ROUTES } from '../resources.ts';
import { renderBackup } from '../render/backup.ts';
import { needsGateway, renderExposure } from '../render/exposure.ts';
import { renderNetworkPolicies } from '../render/network-policies.ts';
import { bindingsOf } from './bindings.ts';
import { ingestStep, managerStep, portalStep } from './children.ts';
import { databaseStep } from './database.ts';
import { FIELD_MANAGER } from './field-manager.ts';
import { generatedSecrets } from './generated-secrets.ts';
import { messagingStep } from './messaging.ts';
import { done, make, stall, type Pass, type Step, type StepDeps, type StepResult } from './pass.ts';
import { schemaStep } from './schema.ts';

/** In this order; the first that is not done ends the pass. Every pass begins at the first. */
export const STEPS: readonly Step[] = [
  { run: generatedSecrets },
  { condition: 'DatabaseReady', run: databaseStep },
  { condition: 'MessagingReady', run: messagingStep },
  { condition: 'SchemaReady', run: schemaStep },
  managerStep,
  ingestStep,
  portalStep,
  { run: backupStep },
  { run: exposureStep },
  { run: policiesStep },
  { run: pruneStep },
];

async function exposureStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  const { installation, object: owner, signal } = pass;
  const desired = renderExposure(installation);
  if (!needsGateway(installation)) {
    const key = { namespace: installation.namespace, name: installation.names.web };
    // The new way in first: should it be refused, the old one is still open.
    await make(pass, deps, desired);
    if (await deps.optional.serves(HTTP_ROUTES, signal))
      await deps.optional.remove(owner, HTTP_ROUTES, { key, signal });
    return done('Exposed', 'It is reached as declared.');
  }
  for (const route of desired)
    if ((await deps.optional.apply(route, { owner, manager: FIELD_MANAGER, signal })) === undefined)
      return stall(
        'GatewayApiMissing',
        'This cluster has no Gateway API (gateway.networking.k8s.io/v1).',
        deps.lookAgainMs,
      );
  return done('Exposed', 'It is reached as declared.');
}

async function backupStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  await make(pass, deps, renderBackup(pass.installation, bindingsOf(pass)));
  return done('BackupDeclared', 'Backups are made as declared.');
}

async function policiesStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  await make(pass, deps, renderNetworkPolicies(pass.installation, pass.outer));
  return done('PoliciesReady', 'The network policies are there.');
}

/** Only here, where all that is desired is known. */
async function pruneStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  await deps.applier.prune(pass.object, pass.desired, pass.signal);
  return done('Running', `Release ${pass.installation.release.version} runs.`);
}

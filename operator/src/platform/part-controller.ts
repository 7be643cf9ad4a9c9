import type { Kind } from '@process-meter/crds';
import type { PartReason } from '../reasons.ts';
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  DISRUPTION_BUDGETS,
  PROCESS_METERS,
  RESTORES,
  SERVICES,
  SERVICE_ACCOUNTS,
  resourceOf,
} from '../resources.ts';
import {
  Applier,
  StatusWriter,
  keyOf,
  setConditions,
  summaryConditions,
  type ConditionInput,
  type ControllerOptions,
  type Desired,
  type KubeObject,
  type ObjectKey,
  type OperatorManager,
  type Progress,
} from '../runtime/index.ts';
import { MANAGED_SELECTOR, selectorLabels } from '../render/labels.ts';
import type { SecretUse } from '../render/parts.ts';
import { DATABASE_ANNOTATION, databaseMove } from './database-move.ts';
import { isPaused } from './pause.ts';
import { rolloutOf, type Rollout } from './rollout.ts';
import { SECRETS_WATCH, type SecretReader } from './secret-reader.ts';
import { readStatus } from './status.ts';

/** What one of Manager, Ingest and Portal brings to the controller that they share. */
export interface PartKind<Object extends { metadata: object; spec: object }> {
  kind: Kind & { kind: 'Manager' | 'Ingest' | 'Portal' };
  component: 'manager' | 'ingest' | 'portal';
  /** With the spec checked and typed. @throws ZodError when an older schema let through what this one does not */
  parse: (object: KubeObject) => Object;
  render: (object: Object, secretsChecksum: string) => Desired[];
  secrets: (object: Object) => SecretUse[];
  /** Where the database is said; a part without one has none. */
  database?: (object: Object) => { name: string; key: string };
}

export interface PartDeps {
  operator: OperatorManager;
  secrets: SecretReader;
  /** ms since 1970 */
  now: () => number;
}

const selected = { labelSelector: MANAGED_SELECTOR };
export const PART_KINDS = [
  { resource: SERVICE_ACCOUNTS, options: selected },
  { resource: CONFIG_MAPS, options: selected },
  { resource: SERVICES, options: selected },
  { resource: DEPLOYMENTS, options: selected },
  { resource: DISRUPTION_BUDGETS, options: selected },
];

interface Observed {
  progress: Progress<PartReason>;
  rollout?: Rollout;
}

/** Pods that are ending are not watched. */
const ENDING_LOOK_MS = 2000;

type Observe = (key: ObjectKey, object: KubeObject, signal: AbortSignal) => Promise<Observed>;

/** Makes the objects of a part what they should be, and says how far that is. */
function observerOf<Object extends { metadata: object; spec: object }>(
  part: PartKind<Object>,
  { operator: { client, informers }, secrets }: PartDeps,
): Observe {
  const applier = new Applier(
    { manager: `process-meter-${part.component}`, kinds: PART_KINDS },
    { client, informers },
  );
  const deployments = informers.for(DEPLOYMENTS, selected);
  const move = { client, secrets, deployments, restores: informers.for(RESTORES) };
  return async (key, object, signal) => {
    const parsed = part.parse(object);
    const state = await secrets.state(key.namespace, part.secrets(parsed), signal);
    if ('missing' in state) return { progress: missing(state.missing) };
    const deploymentName = `${key.name}-${part.component}`;
    const secretRef = part.database?.(parsed);
    const moving =
      secretRef &&
      (await databaseMove(object, { deployment: deploymentName, secretRef }, { ...move, signal }));
    const why = moving?.why;
    const wanted = why === undefined ? parsed : { ...parsed, spec: { ...parsed.spec, replicas: 0 } };
    const desired = part.render(wanted, state.checksum);
    const { objects } = await applier.apply(object, marked(desired, moving?.annotation), signal);
    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) throw new Error(`no Deployment was rendered for ${key.name}`);
    const rollout = rolloutOf(deployment);
    if (why === undefined) return { progress: rollout.progress, rollout };
    // As many as are wanted, but nobody answers.
    return { progress: ended(why), rollout: { ...rollout, available: false } };
  };
}

/** Keeps the objects of one kind of part as they are declared. */
export function partController<Object extends { metadata: object; spec: object }>(
  part: PartKind<Object>,
  deps: PartDeps,
): ControllerOptions {
  const { operator, now } = deps;
  const resource = resourceOf(part.kind.kind);
  const { client, informers } = operator;
  const observe = observerOf(part, deps);
  const writer = new StatusWriter(client, { resource, manager: `process-meter-${part.component}-status` });
  const parts = informers.for(resource);
  const owners = informers.for(PROCESS_METERS);

  return {
    name: part.component,
    resource,
    owns: PART_KINDS,
    watches: [
      // Its pause is a pause of its parts.
      { resource: PROCESS_METERS, keys: (owner) => partsOf(parts.list(owner.metadata.namespace), owner) },
      // One of them may stop its pods.
      { resource: RESTORES, keys: ({ metadata }) => parts.list(metadata.namespace).map(keyOf) },
      { ...SECRETS_WATCH, keys: (secret) => usersOf(part, parts.list(secret.metadata.namespace), secret) },
    ],
    reconcile: async (key, { object, signal }) => {
      if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
      if (isPaused(object) || isPaused(owners.get({ ...key, name: ownerName(object) }))) return undefined;
      const observed = await observe(key, object, signal);
      const status = statusOf(part.component, object, {
        observed,
        before: writer.current(object),
        now: now(),
      });
      await writer.write(object, status, signal);
      return observed.progress.reason === ENDED ? { requeueAfterMs: ENDING_LOOK_MS } : undefined;
    },
  };
}

const ENDED: PartReason = 'ChangingDatabase';

function ended(why: string): Progress<PartReason> {
  return { state: 'reconciling', reason: ENDED, message: `It has ended ${why}.` };
}

/** With the database that the pods of the Deployment work with. */
function marked(desired: readonly Desired[], database: string | undefined): Desired[] {
  return desired.map(({ resource, object }) => {
    if (database === undefined || resource !== DEPLOYMENTS) return { resource, object };
    const annotations = { ...object.metadata.annotations, [DATABASE_ANNOTATION]: database };
    return { resource, object: { ...object, metadata: { ...object.metadata, annotations } } };
  });
}

function missing(what: string): Progress<PartReason> {
  return { state: 'stalled', reason: 'SecretMissing', message: `There is no ${what}.` };
}

function ownerName(object: KubeObject): string {
  const { spec } = object;
  if (typeof spec !== 'object' || spec === null || !('processMeterRef' in spec)) return '';
  const reference = spec.processMeterRef;
  if (typeof reference !== 'object' || reference === null || !('name' in reference)) return '';
  return typeof reference.name === 'string' ? reference.name : '';
}

function partsOf(parts: readonly KubeObject[], owner: KubeObject): ObjectKey[] {
  return parts
    .filter((part) => ownerName(part) === owner.metadata.name)
    .map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name }));
}

function usersOf<Object extends { metadata: object; spec: object }>(
  part: PartKind<Object>,
  parts: readonly KubeObject[],
  secret: KubeObject,
): ObjectKey[] {
  return parts
    .filter((object) => part.secrets(part.parse(object)).some(({ name }) => name === secret.metadata.name))
    .map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name }));
}

function statusOf(
  component: PartKind<{ metadata: object; spec: object }>['component'],
  object: KubeObject,
  { observed, before, now }: { observed: Observed; before: unknown; now: number },
): Record<string, unknown> {
  const previous = readStatus(before);
  const { generation, name } = object.metadata;
  const inputs = [...summaryConditions(observed.progress), ...partConditions(component, observed)];
  const { rollout } = observed;
  const selector = Object.entries(selectorLabels(component, name)).map(([key, value]) => `${key}=${value}`);
  return {
    ...previous,
    observedGeneration: generation,
    conditions: setConditions(previous.conditions ?? [], inputs, { generation, now }),
    selector: selector.join(','),
    ...(rollout === undefined
      ? {}
      : {
          replicas: rollout.replicas,
          readyReplicas: rollout.readyReplicas,
          updatedReplicas: rollout.updatedReplicas,
        }),
    ...(observed.progress.state === 'ready' ? { image: imageIn(object) } : {}),
  };
}

function partConditions(component: string, { rollout, progress }: Observed): ConditionInput<PartReason>[] {
  const available: ConditionInput<PartReason> = {
    type: 'Available',
    status: rollout === undefined ? 'Unknown' : rollout.available ? 'True' : 'False',
    reason: rollout?.available === true ? 'PodsAnswer' : 'TooFewPods',
    message:
      rollout === undefined
        ? progress.message
        : `${rollout.readyReplicas} of ${rollout.desired} pods answer.`,
  };
  if (component === 'portal') return [available];
  // A pod waits for its schema before it says that it is ready, and refuses one that it cannot work with.
  const fits = progress.state === 'ready';
  return [
    available,
    {
      type: 'SchemaCompatible',
      status: fits ? 'True' : 'Unknown',
      reason: fits ? 'PodsAnswer' : 'PodsNotReady',
      message: fits
        ? 'All pods work with the schema.'
        : 'Known when all pods of the present template answer.',
    },
  ];
}

function imageIn({ spec }: KubeObject): string | undefined {
  if (typeof spec !== 'object' || spec === null || !('image' in spec)) return undefined;
  return typeof spec.image === 'string' ? spec.image : undefined;
}

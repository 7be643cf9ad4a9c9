/**
 * The controller runtime. It knows no kind: a controller brings a Resource, a function that reconciles one object, and
 * gets a client, shared informers, an applier, status, conditions and events. docs/architecture.md shows how they meet.
 */
export { systemClock, sleep, type Clock } from './clock.ts';
export {
  apiVersionOf,
  controllerOf,
  keyOf,
  keyText,
  ownerReference,
  parseKey,
  type KubeObject,
  type ObjectKey,
  type ObjectMeta,
  type OwnerReference,
  type Resource,
} from './kube/object.ts';
export { KubeError } from './kube/errors.ts';
export { NotLeaderError } from './kube/api-client.ts';
export type { ApplyOptions, DeleteOptions, KubeClient, ListOptions } from './kube/client.ts';
export {
  kubeConfigCredentials,
  loadCredentials,
  podCredentials,
  type Credentials,
} from './kube/credentials.ts';
export { defaultLimits, type TransportLimits } from './kube/transport.ts';
export { Gate } from './kube/rate-limit.ts';
export type { Informer, InformerOptions, Lister } from './cache/informer-types.ts';
export type { Informers } from './cache/informers.ts';
export { OperatorManager, type ManagerDeps, type ManagerOptions } from './control/manager.ts';
export type {
  Change,
  ControllerOptions,
  Reconcile,
  ReconcileContext,
  ReconcileResult,
  Watched,
} from './control/controller-types.ts';
export type { Controller } from './control/controller.ts';
export { anyChange, intentChanged } from './control/filters.ts';
export { leaderTimes, type LeaderTimes } from './control/leader.ts';
export {
  Applier,
  type Applied,
  type AppliedKind,
  type ApplierOptions,
  type Desired,
} from './write/applier.ts';
export { StatusWriter, type StatusWriterOptions } from './write/status-writer.ts';
export { agrees } from './write/agrees.ts';
export { contentHash, canonicalJson } from './write/hash.ts';
export { APPLIED_ANNOTATION, KEEP_ANNOTATION, OWNER_LABEL } from './write/labels.ts';
export {
  setConditions,
  summaryConditions,
  type Condition,
  type ConditionInput,
  type Progress,
} from './report/conditions.ts';
export type { EventInput, EventRecorder } from './report/events.ts';
export type { RuntimeMetrics } from './report/metrics.ts';

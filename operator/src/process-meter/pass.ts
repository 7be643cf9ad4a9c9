import type { ProcessMeter } from '@process-meter/crds';
import type { InstallationReason } from '../reasons.ts';
import type { Applier, Desired, KubeClient, KubeObject, Lister } from '../runtime/index.ts';
import type { SecretReader } from '../platform/secret-reader.ts';
import type { Installed } from '../release/move.ts';
import type { Bindings, Installation } from '../render/installation.ts';
import type { OuterPorts } from '../render/network-policies.ts';
import type { InstallationMetrics } from './metrics.ts';
import type { OptionalApis } from './optional-apis.ts';

/** What the steps work with. */
export interface StepDeps {
  client: KubeClient;
  applier: Applier;
  secrets: SecretReader;
  optional: OptionalApis;
  metrics: InstallationMetrics;
  /** Those that operators made. */
  statefulSets: Lister;
  jobs: Lister;
  /** ms since 1970 */
  now: () => number;
  /** A password of 160 bits or more that begins with a letter. */
  password: () => string;
  /** Time between two looks at what cannot be watched. */
  lookAgainMs: number;
}

export const COMPONENTS = ['Manager', 'Ingest', 'Portal', 'Nats', 'Postgres'] as const;
type Component = (typeof COMPONENTS)[number];

export interface ComponentCount {
  name: Component;
  ready: number;
  desired: number;
  version?: string | undefined;
}

/** One look at one ProcessMeter. The steps fill it in their order; a later one finds what the earlier ones left. */
export interface Pass {
  readonly object: KubeObject;
  readonly processMeter: ProcessMeter;
  readonly installation: Installation;
  readonly installed: Installed;
  readonly signal: AbortSignal;
  /** Everything that should be there; what the owner had made beyond it is removed at the end. */
  readonly desired: Desired[];
  readonly bindings: Partial<Bindings>;
  readonly outer: { -readonly [Key in keyof OuterPorts]: OuterPorts[Key] };
  readonly components: Map<Component, ComponentCount>;
  /** Authorities that agents are told to trust the NATS servers by. */
  authoritiesSecretRef?: { name: string; key: string };
  /** Instant of the next look when all is done, ms since 1970: something is to be renewed. */
  lookAt?: number;
  /** Checksum of the URI of the database. */
  databaseChecksum: string;
  /** Newest migration that is known to have run. */
  schemaVersion: string | undefined;
}

export type StepResult =
  /** In force. */
  | { state: 'done'; reason: InstallationReason; message: string }
  /** Comes right by itself; what is watched, or the time given, brings the next look. */
  | { state: 'wait'; reason: InstallationReason; message: string; afterMs?: number }
  /** Needs a person. What they do is watched, or looked at after the time given. */
  | { state: 'stall'; reason: InstallationReason; message: string; afterMs?: number };

export interface Step {
  /** The condition that tells of it; a step without one is told of by Ready alone. */
  condition?: string;
  run: (pass: Pass, deps: StepDeps) => Promise<StepResult>;
}

export function done(reason: InstallationReason, message: string): StepResult {
  return { state: 'done', reason, message };
}

export function stall(reason: InstallationReason, message: string, afterMs?: number): StepResult {
  return { state: 'stall', reason, message, ...(afterMs === undefined ? {} : { afterMs }) };
}

export function wait(reason: InstallationReason, message: string, afterMs?: number): StepResult {
  return { state: 'wait', reason, message, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** Notes objects as desired and makes them so. Answers them as they are stored. */
export async function make(pass: Pass, deps: StepDeps, desired: readonly Desired[]): Promise<KubeObject[]> {
  pass.desired.push(...desired);
  return (await deps.applier.write(pass.object, desired, pass.signal)).objects;
}

import type { z } from 'zod';
import type { Rule } from './rules.ts';

/** A column of `kubectl get`, from the left. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  /** Above 0: only with `-o wide`. */
  readonly priority?: number;
}

/** A condition of the kind and what it says when it is True. */
export interface ConditionMeaning {
  readonly type: string;
  readonly meaning: string;
}

export type Area = 'platform' | 'licensing';

/** Everything the product knows about one kind of resource. */
export interface Kind<Spec extends z.ZodObject = z.ZodObject, Status extends z.ZodObject = z.ZodObject> {
  readonly kind: string;
  readonly plural: string;
  readonly area: Area;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** First sentence of `kubectl explain`. */
  readonly summary: string;
  readonly spec: Spec;
  readonly status: Status;
  /** Rules over `self.metadata.name`: the only part of the metadata a schema may bind. */
  readonly nameRules: readonly Rule<string>[];
  readonly columns: readonly Column[];
  /** Beyond those every kind has. */
  readonly conditions: readonly ConditionMeaning[];
  readonly scale: boolean;
}

export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

/** An object as the API server gives it: defaults are filled in. */
export interface Resource<Name extends string, Spec, Status> {
  readonly apiVersion: string;
  readonly kind: Name;
  readonly metadata: KubeMetadata;
  readonly spec: Spec;
  readonly status?: Status;
}

/** Conditions that every kind has (kstatus: Helm, Flux and Argo CD read them). */
export const COMMON_CONDITIONS: readonly ConditionMeaning[] = [
  { type: 'Ready', meaning: 'What is declared is in force.' },
  { type: 'Reconciling', meaning: 'The operator works on it; it comes right by itself.' },
  { type: 'Stalled', meaning: 'It does not come right by itself: the message says what a person must do.' },
];

export const READY_COLUMNS: readonly Column[] = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: 'True when what is declared is in force.',
  },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    description: 'Why it is ready or not.',
  },
];

import { API_VERSION } from '../group.ts';
import type { KindName } from '../kinds/index.ts';

/** An object as somebody writes it: it may be wrong. */
export interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: unknown;
}

export interface ValidExample {
  readonly name: string;
  readonly object: Written;
  /** Path below spec → value that the API server fills in. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

export interface InvalidExample {
  /** What is wrong with it. */
  readonly name: string;
  readonly object: Written;
  /** Where the refusal points to, such as `spec.quantity`. */
  readonly field: string;
  /** What the refusal says: the whole message of a rule, or the telling part of the API server's own. */
  readonly message: string;
  /** The object that is there, for a rule over a change. */
  readonly before?: Written;
}

/** Examples of a kind: each rule is broken by at least one. The first valid one stands in the handbook. */
export interface Examples {
  readonly kind: KindName;
  readonly valid: readonly ValidExample[];
  readonly invalid: readonly InvalidExample[];
}

export function written(kind: KindName, name: string, spec: unknown): Written {
  return { apiVersion: API_VERSION, kind, metadata: { name }, spec };
}

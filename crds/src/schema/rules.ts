import type { z } from 'zod';

/**
 * One rule across fields, said twice: as CEL, which the API server runs when an object is written, and as a function,
 * which the schema runs wherever it parses. The examples hold the two to the same answer.
 */
export interface Rule<Value> {
  /** CEL over `self`; `has()` before every optional field. */
  readonly cel: string;
  /** What a person reads who broke it; one line, names the fields. */
  readonly message: string;
  readonly holds: (value: Value) => boolean;
}

/** A rule over a change: CEL over `self` and `oldSelf`. Only the API server knows the old object. */
export interface ChangeRule {
  readonly cel: string;
  readonly message: string;
}

const KEY = 'x-kubernetes-validations';

interface Validation {
  readonly rule: string;
  readonly message: string;
}

function isValidation(value: unknown): value is Validation {
  return typeof value === 'object' && value !== null && 'rule' in value && 'message' in value;
}

function before(schema: z.ZodType): Validation[] {
  const found = schema.meta()?.[KEY];
  return Array.isArray(found) ? found.filter(isValidation) : [];
}

/** The schema with rules that a single object must keep. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  return rules.reduce((checked, { cel, message, holds }) => {
    const validations = [...before(checked), { rule: cel, message }];
    return checked.refine(holds, { message }).meta({ [KEY]: validations });
  }, schema);
}

/** The schema with rules that a change must keep. */
export function withChangeRules<S extends z.ZodType>(schema: S, rules: readonly ChangeRule[]): S {
  const validations = rules.map(({ cel, message }) => ({ rule: cel, message }));
  return schema.meta({ [KEY]: [...before(schema), ...validations] });
}

/** The field keeps the value it was made with. */
export function immutable<S extends z.ZodType>(schema: S, message: string): S {
  return withChangeRules(schema, [{ cel: 'self == oldSelf', message }]);
}

import type { CustomResourceDefinition } from './schema/crd.ts';
import type { StructuralSchema } from './schema/structural.ts';

/**
 * Objects are stored in the shape of the release that wrote them. So a schema may only become looser: whatever the
 * released one took, the present one takes, with the same meaning.
 * @returns one sentence for each thing that is tighter, with its path; none when the change is safe
 */
export function tightenings(
  released: readonly CustomResourceDefinition[],
  present: readonly CustomResourceDefinition[],
): string[] {
  return released.flatMap((before) => {
    const after = present.find(({ metadata }) => metadata.name === before.metadata.name);
    if (after === undefined) return [`${before.metadata.name}: the kind is gone`];
    return versionTightenings(before, after).map((what) => `${String(before.spec.names['kind'])}.${what}`);
  });
}

function versionTightenings(before: CustomResourceDefinition, after: CustomResourceDefinition): string[] {
  const [old] = before.spec.versions;
  const now = after.spec.versions.find(({ name }) => name === old.name);
  if (now === undefined) return [`${old.name}: the version is gone`];
  const gone = Object.keys(old.subresources).filter((name) => !(name in now.subresources));
  return [
    ...gone.map((name) => `${name}: the subresource is gone`),
    ...compare(old.schema.openAPIV3Schema, now.schema.openAPIV3Schema, ''),
  ];
}

/** People write no status: what it begins with refuses nothing and rereads nothing. */
const STATUS = 'status';

function compare(old: StructuralSchema, now: StructuralSchema, path: string): string[] {
  const here = [
    ...changedTraits(old, now).filter((what) => !(path === STATUS && what.startsWith('default '))),
    ...narrowedBounds(old, now),
    ...narrowedValues(old, now),
    ...newRules(old, now),
    ...newlyRequired(old, now),
  ];
  return [...here.map((what) => `${path === '' ? '(object)' : path}: ${what}`), ...inner(old, now, path)];
}

/** Traits where any change may refuse or read differently what is stored. */
function changedTraits(old: StructuralSchema, now: StructuralSchema): string[] {
  const traits = [
    'type',
    'x-kubernetes-int-or-string',
    'x-kubernetes-list-type',
    'x-kubernetes-list-map-keys',
    'x-kubernetes-map-type',
    'default',
  ] as const;
  return traits.filter((trait) => !same(old[trait], now[trait])).map((trait) => `${trait} changed`);
}

const LOWER = ['minimum', 'minLength', 'minItems', 'minProperties'] as const;
const UPPER = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const;

function narrowedBounds(old: StructuralSchema, now: StructuralSchema): string[] {
  return [
    ...LOWER.filter((key) => (now[key] ?? -Infinity) > (old[key] ?? -Infinity)).map((key) => `${key} raised`),
    ...UPPER.filter((key) => (now[key] ?? Infinity) < (old[key] ?? Infinity)).map((key) => `${key} lowered`),
    ...(['exclusiveMinimum', 'exclusiveMaximum'] as const)
      .filter((key) => now[key] === true && old[key] !== true)
      .map((key) => `${key} added`),
  ];
}

/** Of two patterns nobody can tell which one is looser: a present one must be the released one. */
function narrowedValues(old: StructuralSchema, now: StructuralSchema): string[] {
  const missing =
    now.enum === undefined ? [] : (old.enum ?? ['(anything)']).filter((it) => !now.enum?.includes(it));
  return [
    ...missing.map((value) => `the value ${String(value)} is gone`),
    ...(['pattern', 'format', 'multipleOf'] as const)
      .filter((key) => now[key] !== undefined && now[key] !== old[key])
      .map((key) => `${key} added or changed`),
  ];
}

function newRules(old: StructuralSchema, now: StructuralSchema): string[] {
  const before = (old['x-kubernetes-validations'] ?? []).map(({ rule }) => rule);
  return (now['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => !before.includes(rule))
    .map(({ message }) => `a rule is new: ${message}`);
}

function newlyRequired(old: StructuralSchema, now: StructuralSchema): string[] {
  return (now.required ?? [])
    .filter((name) => old.required?.includes(name) !== true)
    .map((name) => `${name} became required`);
}

function inner(old: StructuralSchema, now: StructuralSchema, path: string): string[] {
  const properties = Object.entries(old.properties ?? {}).flatMap(([name, child]) =>
    both(child, now.properties?.[name], path === '' ? name : `${path}.${name}`),
  );
  return [
    ...properties,
    ...both(old.items, now.items, `${path}[]`),
    ...both(old.additionalProperties, now.additionalProperties, `${path}.*`),
  ];
}

function both(old: StructuralSchema | undefined, now: StructuralSchema | undefined, path: string): string[] {
  if (old === undefined) return [];
  return now === undefined ? [`${path}: is gone, and with it what is stored there`] : compare(old, now, path);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

import { expect, test } from 'vitest';
import { tightenings } from './compatibility.ts';
import { KINDS } from './kinds/index.ts';
import { releases } from './released.ts';
import { customResourceDefinition, objectSchema } from './schema/crd.ts';
import type { Kind } from './schema/kind.ts';

const present = () => KINDS.map((kind) => customResourceDefinition(kind));

/** A schema as a test changes it. */
type Loose = Record<string, any>; // eslint-disable-line

function changed(change: (pool: Loose, definition: Loose) => void): string[] {
  const after = structuredClone(present());
  const pool: Loose = after.find(({ metadata }) => metadata.name === 'licensepools.processmeter.io')!;
  change(pool['spec'].versions[0].schema.openAPIV3Schema.properties.spec, pool);
  return tightenings(present(), after);
}

test.each(releases())('what $name took is taken still', ({ definitions, objects }) => {
  expect(definitions.length).toBeGreaterThan(0);
  expect(tightenings(definitions, present())).toEqual([]);
  expect(objects.length).toBeGreaterThan(0);
  const kinds: readonly Kind[] = KINDS;
  for (const object of objects) {
    const kind = kinds.find((one) => one.kind === object.kind)!;
    expect(objectSchema(kind).safeParse(object).error).toBeUndefined();
  }
});

test('what a status begins with may change', () => {
  const change = (_spec: Loose, pool: Loose) =>
    (pool['spec'].versions[0].schema.openAPIV3Schema.properties.status.default = { observedGeneration: 1 });
  expect(changed(change)).toEqual([]);
});

const tighter: readonly (readonly [string, (spec: Loose, definition: Loose) => void, string])[] = [
  ['a field is removed', (spec) => delete spec['properties'].vendor, 'spec.vendor: is gone'],
  ['a field becomes required', (spec) => spec['required'].push('vendor'), 'spec: vendor became required'],
  ['a new field is required', (spec) => spec['required'].push('brand'), 'spec: brand became required'],
  [
    'a maximum is lowered',
    (spec) => (spec['properties'].quantity.maximum = 5),
    'spec.quantity: maximum lowered',
  ],
  [
    'a minimum is raised',
    (spec) => (spec['properties'].quantity.minimum = 2),
    'spec.quantity: minimum raised',
  ],
  [
    'a length is lowered',
    (spec) => (spec['properties'].vendor.maxLength = 5),
    'spec.vendor: maxLength lowered',
  ],
  [
    'a bound is added',
    (spec) => (spec['properties'].reservations.minItems = 1),
    'spec.reservations: minItems raised',
  ],
  [
    'a pattern changes',
    (spec) => (spec['properties'].vendor.pattern = '^a'),
    'spec.vendor: pattern added or changed',
  ],
  ['a value goes', (spec) => spec['properties'].metric.enum.pop(), 'spec.metric: the value Token is gone'],
  [
    'a text becomes a choice',
    (spec) => (spec['properties'].vendor.enum = ['a']),
    'spec.vendor: the value (anything)',
  ],
  ['a type changes', (spec) => (spec['properties'].quantity.type = 'string'), 'spec.quantity: type changed'],
  [
    'a default changes',
    (spec) => (spec['properties'].source.default = 'LicenseServer'),
    'spec.source: default changed',
  ],
  ['a default goes', (spec) => delete spec['properties'].source.default, 'spec.source: default changed'],
  [
    'a rule is added',
    (spec) => spec['x-kubernetes-validations'].push({ rule: 'false', message: 'never' }),
    'spec: a rule is new: never',
  ],
  [
    'a list is keyed otherwise',
    (spec) => (spec['properties'].reservations['x-kubernetes-list-map-keys'] = ['quantity']),
    'spec.reservations: x-kubernetes-list-map-keys changed',
  ],
  [
    'a field deep inside is removed',
    (spec) => delete spec['properties'].reservations.items.properties.subjects.items.properties.kind,
    'spec.reservations[].subjects[].kind: is gone',
  ],
  [
    'a version goes',
    (_spec, pool) => (pool['spec'].versions[0].name = 'v1'),
    'v1alpha1: the version is gone',
  ],
  [
    'a subresource goes',
    (_spec, pool) => delete pool['spec'].versions[0].subresources.status,
    'status: the subresource',
  ],
  [
    'a kind goes',
    (_spec, pool) => (pool['metadata'].name = 'x'),
    'licensepools.processmeter.io: the kind is gone',
  ],
];

test.each(tighter)('refused: %s', (_name, change, message) => {
  const found = changed(change);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(message);
});

const looser: readonly (readonly [string, (spec: Loose) => void])[] = [
  ['a field is added', (spec) => (spec['properties'].brand = { type: 'string', maxLength: 5 })],
  ['a field is no longer required', (spec) => spec['required'].pop()],
  ['a maximum is raised', (spec) => (spec['properties'].quantity.maximum = 99_000_000)],
  ['a bound goes', (spec) => delete spec['properties'].quantity.maximum],
  ['a pattern goes', (spec) => delete spec['properties'].vendor.pattern],
  ['a value is added', (spec) => spec['properties'].metric.enum.push('Usage')],
  ['a choice becomes a text', (spec) => delete spec['properties'].metric.enum],
  ['a rule goes', (spec) => spec['x-kubernetes-validations'].pop()],
  ['a description changes', (spec) => (spec['properties'].vendor.description = 'Other words.')],
];

test.each(looser)('allowed: %s', (_name, change) => expect(changed(change)).toEqual([]));

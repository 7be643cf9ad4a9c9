import { expect, test } from 'vitest';
import { messagesOf } from '../handbook.ts';
import { KINDS } from '../kinds/index.ts';
import { customResourceDefinition, objectSchema } from '../schema/crd.ts';
import type { Kind } from '../schema/kind.ts';
import { EXAMPLES } from './index.ts';

function kindNamed(name: string): Kind {
  return KINDS.find(({ kind }) => kind === name)!;
}

const rulesOf = (kind: Kind): string[] =>
  messagesOf(customResourceDefinition(kind).spec.versions[0].schema.openAPIV3Schema);

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inside, key) => Object(inside)[key], value);

const valid = EXAMPLES.flatMap(({ kind, valid: all }) => all.map((example) => ({ kind, ...example })));
const invalid = EXAMPLES.flatMap(({ kind, invalid: all }) => all.map((example) => ({ kind, ...example })));

test('every kind has examples', () => {
  expect(EXAMPLES.map(({ kind }) => kind)).toEqual(KINDS.map(({ kind }) => kind));
});

test.each(valid)('$kind: $name', ({ kind, object, defaults = {} }) => {
  const { spec } = objectSchema(kindNamed(kind)).parse(object);
  for (const [path, value] of Object.entries(defaults)) expect([path, at(spec, path)]).toEqual([path, value]);
});

// What a change may not do only the API server can tell: it has the old object.
test.each(invalid.filter(({ before }) => before === undefined))('$kind refused: $name', (example) => {
  const kind = kindNamed(example.kind);
  const { error } = objectSchema(kind).safeParse(example.object);
  const messages = error?.issues.map(({ message }) => message) ?? [];
  expect(messages).not.toEqual([]);
  if (rulesOf(kind).includes(example.message)) expect(messages).toContain(example.message);
});

test.each(KINDS.map((kind) => ({ name: kind.kind, kind })))(
  '$name: each rule is broken by an example',
  ({ name, kind }) => {
    const broken = EXAMPLES.filter((examples) => examples.kind === name).flatMap((examples) =>
      examples.invalid.map(({ message }) => message),
    );
    expect(broken).toEqual(expect.arrayContaining(rulesOf(kind)));
  },
);

test('an object that stays as it was made is valid before and after a change that is refused', () => {
  for (const { kind, before, object } of invalid.filter((example) => example.before !== undefined)) {
    expect(objectSchema(kindNamed(kind)).safeParse(before).success).toBe(true);
    expect(objectSchema(kindNamed(kind)).safeParse(object).success).toBe(true);
  }
});

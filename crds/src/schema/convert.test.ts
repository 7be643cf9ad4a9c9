import { expect, test } from 'vitest';
import { z } from 'zod';
import { structuralSchema } from './convert.ts';
import { withChangeRules, withRules } from './rules.ts';

const text = () => z.string().max(10).describe('A text.');

const refused: readonly (readonly [string, z.ZodType, string])[] = [
  ['a value of any type', z.any().describe('x'), 'spec.field: has no single type'],
  ['a date of JavaScript', z.date().describe('x'), 'spec.field: has no single type'],
  [
    'an alternative of shapes',
    z.union([text(), z.object({ a: text() })]).describe('x'),
    'spec.field: an alternative',
  ],
  [
    'a discriminated union',
    z
      .discriminatedUnion('k', [z.object({ k: z.literal('A') }), z.object({ k: z.literal('B') })])
      .describe('x'),
    'spec.field: an alternative',
  ],
  ['a tuple', z.tuple([text()]).describe('x'), 'spec.field[]: an alternative'],
  ['null', text().nullable(), 'spec.field: null and absent would differ'],
  ['two patterns', text().regex(/a/).regex(/b/), 'spec.field: parts put together'],
  ['a text without its length', z.string().describe('x'), 'spec.field: a text needs maxLength'],
  ['a list without its length', z.array(text()).describe('x'), 'spec.field: a list needs maxItems'],
  [
    'a list that is neither set nor map',
    z.array(text()).max(2).describe('x'),
    'whether it is atomic, a set or a map',
  ],
  [
    'a set of objects',
    z
      .array(z.object({ a: text() }))
      .max(2)
      .describe('x')
      .meta({ 'x-kubernetes-list-type': 'set' }),
    'spec.field: a set holds plain values only',
  ],
  [
    'a list map without keys',
    z
      .array(z.object({ a: text() }))
      .max(2)
      .describe('x')
      .meta({ 'x-kubernetes-list-type': 'map' }),
    'spec.field: a list map needs its keys',
  ],
  [
    'a list map whose key may be missing',
    z
      .array(z.object({ a: text().optional() }))
      .max(2)
      .describe('x')
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] }),
    'spec.field: the key `a` must be a required field of the items',
  ],
  [
    'a map without its size',
    z.record(z.string(), text()).describe('x'),
    'spec.field: a map needs maxProperties',
  ],
  [
    'a map with checked keys',
    z.record(z.string().regex(/^a/), text()).describe('x').meta({ maxProperties: 2 }),
    'spec.properties.field: keys of a map cannot be checked',
  ],
  ['an open object', z.looseObject({ a: text() }).describe('x'), 'exclude each other'],
  ['a field without description', z.string().max(2), 'spec.field: has no description'],
  ['a pattern that looks ahead', text().regex(/^(?!a)/), 'spec.field: the pattern looks ahead or behind'],
  ['a pattern that looks behind', text().regex(/(?<=a)b/), 'looks ahead or behind'],
  ['a pattern that refers back', text().regex(/(a)\1/), 'refers back'],
  ['a duration of ISO 8601', z.iso.duration().describe('x'), 'spec.field: the pattern looks ahead'],
  [
    'a format the API server ignores',
    z.url().describe('x'),
    'spec.field: the API server ignores the format `uri`',
  ],
  ['a default of null', text().meta({ default: null }), 'spec.field: a default of null'],
  [
    'a rule without CEL',
    withRules(text(), [{ cel: ' ', message: 'm', holds: () => true }]),
    'a rule has no CEL',
  ],
  [
    'a rule without a message',
    withChangeRules(text(), [{ cel: 'true', message: '' }]),
    'spec.field: a rule needs a message of one line',
  ],
  [
    'a keyword of another dialect',
    text().meta({ uniqueItems: true }),
    'spec.field: the API server forbids it',
  ],
  [
    'a keyword of nobody',
    text().meta({ title: 'x' }),
    'spec.field: `title` is not part of a structural schema',
  ],
  [
    'an int-or-string that is something else too',
    z.union([z.int(), text(), z.boolean()]).describe('x').meta({ 'x-kubernetes-int-or-string': true }),
    'spec.field: an int-or-string is an integer or a text',
  ],
];

test.each(refused)('%s is refused with its path', (_name, schema, message) => {
  expect(() => structuralSchema(z.object({ field: schema }), 'spec')).toThrow(message);
});

test('the path of a refusal leads through lists and maps', () => {
  const bad = z
    .record(z.string(), z.object({ deep: z.string().describe('x') }))
    .describe('x')
    .meta({ maxProperties: 1 });
  const schema = z.object({
    list: z
      .array(z.object({ map: bad }))
      .max(1)
      .describe('x')
      .meta({ 'x-kubernetes-list-type': 'atomic' }),
  });
  expect(() => structuralSchema(schema, 'spec')).toThrow('spec.list[].map.*.deep: a text needs maxLength');
});

test('fields with a default are not required, and the default of an object is written out whole', () => {
  const schema = z.object({
    a: text().default('x'),
    b: z
      .object({ c: z.enum(['A', 'B']).default('A').describe('c') })
      .prefault({})
      .describe('b'),
    d: text(),
  });
  const made = structuralSchema(schema, 'spec');
  expect(made.required).toEqual(['d']);
  expect(made.properties?.['b']?.default).toEqual({ c: 'A' });
  expect(made.properties?.['b']?.properties?.['c']?.default).toBe('A');
});

test('an integer has the format of the API server and only bounds that somebody wrote', () => {
  const made = structuralSchema(z.object({ a: z.int().min(3).describe('a') }), 'spec');
  expect(made.properties?.['a']).toEqual({ description: 'a', type: 'integer', format: 'int64', minimum: 3 });
});

test('an int-or-string keeps its pattern', () => {
  const amount = z
    .union([
      z.int(),
      z
        .string()
        .max(5)
        .regex(/^[0-9]+m$/),
    ])
    .describe('a')
    .meta({ 'x-kubernetes-int-or-string': true });
  expect(structuralSchema(z.object({ a: amount }), 'spec').properties?.['a']).toEqual({
    description: 'a',
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    pattern: '^[0-9]+m$',
    'x-kubernetes-int-or-string': true,
  });
});

test('rules of an object and of a change stand beside each other, and the first bind the schema too', () => {
  const schema = withChangeRules(
    withRules(z.object({ a: text() }), [
      { cel: "self.a != ''", message: 'a is empty', holds: ({ a }) => a !== '' },
    ]),
    [{ cel: 'self.a == oldSelf.a', message: 'a cannot change' }],
  );
  expect(structuralSchema(schema, 'spec')['x-kubernetes-validations']).toEqual([
    { rule: "self.a != ''", message: 'a is empty' },
    { rule: 'self.a == oldSelf.a', message: 'a cannot change' },
  ]);
  expect(schema.safeParse({ a: '' }).error?.issues[0]?.message).toBe('a is empty');
});

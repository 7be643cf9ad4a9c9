import fc from 'fast-check';

/** The part of JSON Schema that our own document uses. */
export interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  anyOf?: JsonSchema[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

/** Values that have broken programs before: encodings, numbers at the edge, names of the language, injections. */
const NASTY: unknown[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\u202e\ufeff',
  "'; drop table agent; --",
  '%00',
  '%',
  '../../etc/passwd',
  '9'.repeat(40),
  '-1',
  '1e999',
  'NaN',
  'x'.repeat(10_000),
  '2026-02-30T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+23:59',
  'posixrules',
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  true,
  null,
  [],
  {},
  [[[[[]]]]],
  { toString: 1 },
];
const nasty: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** What a schema allows, and now and then something else in its place, at any depth. */
export function valueFor(schema: JsonSchema, wrong = 1): fc.Arbitrary<unknown> {
  return wrong === 0
    ? allowed(schema, 0)
    : fc.oneof({ weight: 8, arbitrary: allowed(schema, wrong) }, { weight: wrong, arbitrary: nasty });
}

function allowed(schema: JsonSchema, wrong: number): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => valueFor(one, wrong)));
  const types = [schema.type ?? 'object'].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, wrong)));
}

function ofType(type: string, schema: JsonSchema, wrong: number): fc.Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return text(schema);
    case 'integer':
      return whole(schema);
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valueFor(schema.items ?? {}, wrong), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5),
      });
    default:
      return fields(schema, wrong);
  }
}

function whole({ minimum = -1000, maximum = Number.MAX_SAFE_INTEGER }: JsonSchema): fc.Arbitrary<number> {
  const near = fc.integer({ min: minimum, max: Math.min(maximum, minimum + 10_000) });
  return fc.oneof(near, fc.constantFrom(minimum, maximum));
}

const FIRST = Date.UTC(2026, 9, 1);
const LAST = Date.UTC(2026, 11, 31);

function text({ format, pattern, minLength = 0, maxLength = 60 }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc.integer({ min: FIRST, max: LAST }).map((at) => new Date(at).toISOString());
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 300)) });
}

function fields({ properties = {}, required = [] }: JsonSchema, wrong: number): fc.Arbitrary<unknown> {
  const known = Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, valueFor(one, wrong)]),
  );
  const requiredKeys = required.filter((name) => name in known);
  return fc.record(known, { requiredKeys, noNullPrototype: true });
}

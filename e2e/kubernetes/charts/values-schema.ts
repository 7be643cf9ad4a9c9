import { customResourceDefinition, type Kind, type StructuralSchema } from '@process-meter/crds';
import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** The schema of a chart's values as Helm reads it, indented for people. */
export function valuesSchemaText(schema: JsonSchema): string {
  return `${JSON.stringify({ $schema: DRAFT, ...schema }, undefined, 2)}\n`;
}

/** JSON Schema of a zod schema, without the marks of zod. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return withoutBounds(rest);
}

/** Zod gives every integer the bounds of a double: true, and noise in a message. */
function withoutBounds(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    (key === 'maximum' && value === Number.MAX_SAFE_INTEGER) ||
    (key === 'minimum' && value === Number.MIN_SAFE_INTEGER)
      ? undefined
      : value,
  );
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

/** JSON Schema of the `spec` of a kind: what the API server takes, less the rules across fields. */
export function specSchema(kind: Kind): JsonSchema {
  const spec = customResourceDefinition(kind).spec.versions[0].schema.openAPIV3Schema.properties?.['spec'];
  if (spec === undefined) throw new Error(`${kind.kind} has no spec`);
  return strict(spec);
}

/** One field of a schema. @throws when there is none */
export function field(schema: JsonSchema, name: string): JsonSchema {
  const properties = z.record(z.string(), z.record(z.string(), z.unknown())).parse(schema['properties']);
  const found = properties[name];
  if (found === undefined) throw new Error(`the schema has no field ${name}`);
  return found;
}

/** `{}` says nothing; anything else must be whole. An `if` keeps the messages about what is inside. */
export function emptyOr(schema: JsonSchema): JsonSchema {
  // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema calls it so, and nobody awaits a schema
  return { type: 'object', if: { minProperties: 1 }, then: schema };
}

function strict(schema: StructuralSchema): JsonSchema {
  const { properties, items, additionalProperties, anyOf, ...rest } = schema;
  const open = Object.entries(rest).filter(
    ([key]) => !key.startsWith('x-kubernetes-') && key !== 'default' && key !== 'format',
  );
  return {
    ...Object.fromEntries(open),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(strict) }),
    ...(items === undefined ? {} : { items: strict(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: strict(additionalProperties) }),
    ...(properties === undefined ? {} : { properties: mapValues(properties), additionalProperties: false }),
  };
}

function mapValues(properties: Readonly<Record<string, StructuralSchema>>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, strict(schema)]));
}

import { z } from 'zod';
import { checkFormat, checkPattern } from './strings.ts';
import { SchemaRefused, type StructuralSchema } from './structural.ts';

type Node = Readonly<Record<string, unknown>>;
type Part = Readonly<Record<string, unknown>>;

/**
 * Turns a zod schema into the structural schema of a CRD. What an API server would refuse (or would silently not
 * check) is refused here, with its path: a test finds it in milliseconds, a cluster only at installation.
 * @throws SchemaRefused
 */
export function structuralSchema(schema: z.ZodType, root: string): StructuralSchema {
  const json = z.toJSONSchema(schema, {
    // What a person may write: fields with a default are not required.
    io: 'input',
    target: 'openapi-3.0',
    reused: 'inline',
    cycles: 'throw',
    unrepresentable: 'any',
    override: ({ zodSchema, path }) => refuseCheckedKeys(zodSchema, [root, ...path].join('.')),
  });
  return convert(json, root);
}

/** The API server has no `propertyNames`, and zod leaves them out without a word. */
function refuseCheckedKeys(schema: z.core.$ZodType, path: string): void {
  const { def } = schema._zod;
  if (!isRecord(def)) return;
  const keys = def.keyType._zod.def;
  if (keys.type !== 'string' || (keys.checks ?? []).length > 0)
    throw new SchemaRefused(path, 'keys of a map cannot be checked by a schema: write a rule over the map');
}

function isRecord(def: z.core.$ZodTypeDef): def is z.core.$ZodRecordDef {
  return def.type === 'record';
}

function convert(node: Node, path: string): StructuralSchema {
  refuseUnknown(node, path);
  const common = { ...described(node), ...withDefault(node, path), ...validations(node, path) };
  if (node['x-kubernetes-int-or-string'] === true) return { ...common, ...intOrString(node, path) };
  switch (node['type']) {
    case 'object':
      return withWholeDefault({ ...common, ...objectPart(node, path) });
    case 'array':
      return { ...common, ...arrayPart(node, path) };
    case 'string':
      return { ...common, ...stringPart(node, path) };
    case 'integer':
    case 'number':
      return { ...common, ...numberPart(node, node['type']) };
    case 'boolean':
      return { ...common, type: 'boolean' };
    default:
      throw new SchemaRefused(path, 'has no single type: every value needs one');
  }
}

const TAKEN = new Set(
  (
    'type format description default enum pattern minLength maxLength ' +
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems ' +
    'minProperties maxProperties properties required items additionalProperties ' +
    'x-kubernetes-int-or-string x-kubernetes-list-type x-kubernetes-list-map-keys ' +
    'x-kubernetes-map-type x-kubernetes-validations'
  ).split(' '),
);

const WHY: Readonly<Record<string, string>> = {
  oneOf: 'an alternative of shapes has no types of its own: write one flat object and a rule',
  anyOf: 'an alternative of shapes has no types of its own: write one flat object and a rule',
  allOf: 'parts put together have no types of their own (two patterns?): write one schema and a rule',
  not: 'a negation has no type: write a rule',
  nullable: 'null and absent would differ: make it optional',
  uniqueItems: 'the API server forbids it: x-kubernetes-list-type: set',
  propertyNames: 'keys of a map cannot be checked by a schema: write a rule over the map',
  $ref: 'references are not followed by the API server',
};

function refuseUnknown(node: Node, path: string): void {
  const alternatives = node['x-kubernetes-int-or-string'] === true ? ['anyOf'] : [];
  for (const key of Object.keys(node)) {
    if (TAKEN.has(key) || alternatives.includes(key)) continue;
    throw new SchemaRefused(path, WHY[key] ?? `\`${key}\` is not part of a structural schema`);
  }
}

function described(node: Node): Part {
  return typeof node['description'] === 'string' ? { description: node['description'] } : {};
}

function withDefault(node: Node, path: string): Part {
  if (!('default' in node)) return {};
  if (node['default'] === null) throw new SchemaRefused(path, 'a default of null would be pruned');
  return { default: node['default'] };
}

function validations(node: Node, path: string): Part {
  const rules = node['x-kubernetes-validations'];
  if (rules === undefined) return {};
  if (!Array.isArray(rules)) throw new SchemaRefused(path, 'rules must be a list');
  for (const rule of rules) {
    const { message, rule: cel }: Node = rule;
    if (typeof cel !== 'string' || cel.trim() === '') throw new SchemaRefused(path, 'a rule has no CEL');
    if (typeof message !== 'string' || message.trim() === '' || message.includes('\n'))
      throw new SchemaRefused(path, 'a rule needs a message of one line');
  }
  return { 'x-kubernetes-validations': rules };
}

function objectPart(node: Node, path: string): Part {
  const { properties, additionalProperties } = node;
  if (isNode(additionalProperties)) return mapPart(node, additionalProperties, path);
  const entries = Object.entries(isNode(properties) ? properties : {});
  const converted = entries.map(([name, child]): [string, StructuralSchema] => {
    if (!isNode(child)) throw new SchemaRefused(`${path}.${name}`, 'is not a schema');
    return [name, mustBeDescribed(convert(child, `${path}.${name}`), `${path}.${name}`)];
  });
  const required = Array.isArray(node['required']) ? { required: node['required'] } : {};
  return {
    type: 'object',
    ...pick(node, ['x-kubernetes-map-type']),
    properties: Object.fromEntries(converted),
    ...required,
  };
}

/** The API server runs the rules of an object on its default before it fills that: so it is written out whole. */
function withWholeDefault(schema: StructuralSchema): StructuralSchema {
  return isNode(schema.default) ? { ...schema, default: filled(schema.default, schema) } : schema;
}

function filled(value: Node, schema: StructuralSchema): Node {
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, child]): [string, unknown][] => {
    const given = value[name] ?? child.default;
    if (given === undefined) return [];
    return [[name, isNode(given) ? filled(given, child) : given]];
  });
  return { ...value, ...Object.fromEntries(fields) };
}

/** `kubectl explain` is the handbook most people read: no field without a sentence. */
function mustBeDescribed(schema: StructuralSchema, path: string): StructuralSchema {
  if ((schema.description ?? '') === '') throw new SchemaRefused(path, 'has no description');
  return schema;
}

function mapPart(node: Node, values: Node, path: string): Part {
  if (Object.keys(isNode(node['properties']) ? node['properties'] : {}).length > 0)
    throw new SchemaRefused(path, 'properties and additionalProperties exclude each other');
  if (typeof node['maxProperties'] !== 'number')
    throw new SchemaRefused(path, 'a map needs maxProperties, or rules over it are too expensive');
  return {
    type: 'object',
    ...pick(node, ['minProperties', 'maxProperties', 'x-kubernetes-map-type']),
    additionalProperties: convert(values, `${path}.*`),
  };
}

function arrayPart(node: Node, path: string): Part {
  const { items } = node;
  if (!isNode(items)) throw new SchemaRefused(path, 'a list needs one schema for its items');
  if (typeof node['maxItems'] !== 'number')
    throw new SchemaRefused(path, 'a list needs maxItems, or rules over it are too expensive');
  const converted = convert(items, `${path}[]`);
  return {
    type: 'array',
    ...(node['minItems'] === 0 ? {} : pick(node, ['minItems'])),
    ...pick(node, ['maxItems']),
    ...listType(node, converted, path),
    items: converted,
  };
}

/** Which items server-side apply takes for the same one. */
function listType(node: Node, items: StructuralSchema, path: string): Part {
  const type = node['x-kubernetes-list-type'];
  switch (type) {
    case 'atomic':
      return { 'x-kubernetes-list-type': type };
    case 'set':
      if (items.type !== 'object' && items.type !== 'array') return { 'x-kubernetes-list-type': type };
      throw new SchemaRefused(path, 'a set holds plain values only');
    case 'map':
      return { 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': mapKeys(node, items, path) };
    default:
      throw new SchemaRefused(path, 'a list says whether it is atomic, a set or a map');
  }
}

function mapKeys(node: Node, items: StructuralSchema, path: string): readonly string[] {
  const found = node['x-kubernetes-list-map-keys'];
  const keys = Array.isArray(found) ? found.map(String) : [];
  if (keys.length === 0) throw new SchemaRefused(path, 'a list map needs its keys');
  for (const key of keys) {
    const given = items.required?.includes(key) === true || items.properties?.[key]?.default !== undefined;
    if (!given) throw new SchemaRefused(path, `the key \`${key}\` must be a required field of the items`);
  }
  return keys;
}

function stringPart(node: Node, path: string): Part {
  const { pattern, format } = node;
  if (typeof pattern === 'string') checkPattern(pattern, path);
  if (format !== undefined) checkFormat(format, path);
  if (node['enum'] === undefined && format === undefined && typeof node['maxLength'] !== 'number')
    throw new SchemaRefused(path, 'a text needs maxLength, or rules over it are too expensive');
  return { type: 'string', ...pick(node, ['format', 'enum', 'pattern', 'minLength', 'maxLength']) };
}

function numberPart(node: Node, type: 'integer' | 'number'): Part {
  // zod bounds every integer to what JavaScript holds; for the API server that is no rule of ours.
  const bounds = pick(node, ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']);
  const ours = Object.entries(bounds).filter(
    ([, value]) => Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER,
  );
  const format = type === 'integer' ? { format: 'int64' } : {};
  return { type, ...format, ...pick(node, ['enum']), ...Object.fromEntries(ours) };
}

function intOrString(node: Node, path: string): Part {
  const branches = Array.isArray(node['anyOf']) ? node['anyOf'].filter(isNode) : [];
  const text = branches.find((branch) => branch['type'] === 'string');
  if (branches.length !== 2 || text === undefined || !branches.some((branch) => branch['type'] === 'integer'))
    throw new SchemaRefused(path, 'an int-or-string is an integer or a text, nothing else');
  const { pattern } = text;
  if (typeof pattern === 'string') checkPattern(pattern, path);
  return {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    ...pick(text, ['pattern']),
    'x-kubernetes-int-or-string': true,
  };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pick(node: Node, keys: readonly string[]): Part {
  return Object.fromEntries(keys.filter((key) => node[key] !== undefined).map((key) => [key, node[key]]));
}

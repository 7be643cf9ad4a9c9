import { KINDS, type Kind } from '@process-meter/crds';
import { z } from 'zod';
import { globalValues, objectName, objectNameOrEmpty, passedOnList, text, textMap } from './values-parts.ts';
import { emptyOr, field, jsonSchema, specSchema, type JsonSchema } from './values-schema.ts';

/** Name of the list of a licensing kind under `licensing`, such as `licensePools`. */
export function listName(kind: Kind): string {
  const plural = kind.plural.slice(kind.kind.length);
  const stem = kind.plural.endsWith('ies') ? kind.kind.slice(0, -1) + 'ies' : kind.kind + plural;
  return stem.charAt(0).toLowerCase() + stem.slice(1);
}

export const LICENSING_KINDS: readonly Kind[] = KINDS.filter((kind: Kind) => kind.area === 'licensing');
/** Parts whose image can be another, as the values call them. */
export const IMAGE_PARTS = ['manager', 'ingest', 'portal', 'nats', 'postgres'] as const;

/** Values of charts/process-meter: the spec of a ProcessMeter in its own words, Secrets, and licensing resources. */
export function productValuesSchema(): JsonSchema {
  const processMeter = specSchema(kindNamed('ProcessMeter'));
  const take = (name: string): JsonSchema => field(processMeter, name);
  const settings = ['networkPolicy', 'configSync', 'timeZone', 'logLevel', 'deletionPolicy', 'paused'];
  const properties = {
    global: jsonSchema(globalValues),
    name: jsonSchema(objectNameOrEmpty),
    commonLabels: jsonSchema(textMap),
    commonAnnotations: jsonSchema(textMap),
    version: { anyOf: [{ const: '' }, take('version')] },
    images: imagesSchema(take('images')),
    database: bindingSchema(take('database'), ['external', 'cloudNativePG', 'embedded']),
    messaging: messagingSchema(take('messaging')),
    ...Object.fromEntries(['manager', 'ingest', 'portal'].map((part) => [part, take(part)])),
    upgrade: emptyOr(take('upgrade')),
    exposure: emptyOr(take('exposure')),
    backup: emptyOr(take('backup')),
    ...Object.fromEntries(settings.map((name) => [name, take(name)])),
    secrets: jsonSchema(secrets),
    licensing: {
      type: 'object',
      properties: Object.fromEntries(
        LICENSING_KINDS.map((kind) => [listName(kind), { type: 'array', items: licensingItem(kind) }]),
      ),
      additionalProperties: false,
    },
    extraObjects: jsonSchema(passedOnList),
  };
  return { type: 'object', properties, additionalProperties: false };
}

const secrets = z.strictObject({
  databaseUri: z.union([z.literal(''), z.string().regex(/^postgres(ql)?:\/\/\S+$/)]),
  adminPassword: z.union([z.literal(''), z.string().min(8).max(200)]),
  trust: z.record(z.string().regex(/^[-._a-zA-Z0-9]+$/), z.string()),
  registry: z.strictObject({ server: text, username: text, password: text }),
});

function imagesSchema(images: JsonSchema): JsonSchema {
  const { component: _, ...override } = propertiesOf(itemsOf(field(images, 'overrides')));
  const orEmpty = Object.entries(override).map(([key, schema]) => [key, { anyOf: [{ const: '' }, schema] }]);
  const part = { type: 'object', properties: Object.fromEntries(orEmpty), additionalProperties: false };
  return {
    type: 'object',
    properties: {
      registry: { anyOf: [{ const: '' }, field(images, 'registry')] },
      pullPolicy: field(images, 'pullPolicy'),
      pullSecrets: field(images, 'pullSecrets'),
      ...Object.fromEntries(IMAGE_PARTS.map((name) => [name, part])),
    },
    additionalProperties: false,
  };
}

/** All members stand in values.yaml, empty; the template takes that of the mode. */
function bindingSchema(binding: JsonSchema, members: readonly string[]): JsonSchema {
  const properties = propertiesOf(binding);
  const optional = members.map((member) => [member, emptyOr(field(binding, member))]);
  return { ...binding, properties: { ...properties, ...Object.fromEntries(optional) } };
}

/** `secrets.trust` can stand in for the reference to the trust, and no public server is an empty list. */
function messagingSchema(messaging: JsonSchema): JsonSchema {
  const { required: _, ...external } = field(messaging, 'external');
  const { minItems: _one, ...publicServers } = field(messaging, 'publicServers');
  const properties = { ...propertiesOf(messaging), external, publicServers };
  return bindingSchema({ ...messaging, properties }, ['external', 'embedded']);
}

function licensingItem(kind: Kind): JsonSchema {
  return {
    type: 'object',
    properties: {
      name: jsonSchema(objectName),
      labels: jsonSchema(textMap),
      annotations: jsonSchema(textMap),
      spec: specSchema(kind),
    },
    required: ['name', 'spec'],
    additionalProperties: false,
  };
}

const map = z.record(z.string(), z.unknown());
const propertiesOf = (schema: JsonSchema): Record<string, unknown> => map.parse(schema['properties']);
const itemsOf = (schema: JsonSchema): JsonSchema => map.parse(schema['items']);

function kindNamed(name: string): Kind {
  const found = KINDS.find(({ kind }) => kind === name);
  if (found === undefined) throw new Error(`no kind ${name}`);
  return found;
}

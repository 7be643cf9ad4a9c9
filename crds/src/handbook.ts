import { API_VERSION } from './group.ts';
import { EXAMPLES } from './examples/index.ts';
import { KINDS } from './kinds/index.ts';
import { structuralSchema } from './schema/convert.ts';
import { COMMON_CONDITIONS, type Kind } from './schema/kind.ts';
import type { StructuralSchema } from './schema/structural.ts';
import { toYaml } from './schema/yaml.ts';

/** `docs/resources.md`: every kind with its fields, rules, conditions, columns and one example. */
export function resourcesHandbook(): string {
  return [INTRODUCTION, table(KINDS), ...KINDS.map(chapter)].join('\n\n') + '\n';
}

const INTRODUCTION = `<!-- Made by \`node crds/src/generate.ts\` from crds/src/kinds. Do not edit. -->

# Resources

All kinds are of \`${API_VERSION}\` and live in a namespace. What is not written takes the default shown here; a refusal
of \`kubectl apply\` says which rule was broken in the words of this page. \`kubectl get processmeter\` lists everything,
\`kubectl get processmeter-licensing\` what is about licences, and \`kubectl explain lp.spec\` says what stands here.

## Every kind

| condition | True means |
| --- | --- |
${COMMON_CONDITIONS.map(({ type, meaning }) => `| \`${type}\` | ${meaning} |`).join('\n')}

\`status.observedGeneration\` is the generation the operator last acted on. Annotations: \`processmeter.io/paused: "true"\`
leaves a resource as it is, \`processmeter.io/reconcile-at\` with a new value makes the operator look at once, and
\`processmeter.io/allow-mass-delete: "true"\` on a ProcessMeter lets one sweep delete more than
\`spec.configSync.maxDeletePercent\`. No resource has a finalizer: deleting one never waits for the operator.

A ProcessMeterBackup and a ProcessMeterRestore are done once. Their spec cannot change, and once \`Ready\` is True or they have failed
their status is a record: what failed is asked for anew.

Licensing resources say in \`Ready\` and \`Synced\` how they stand with the Manager of their ProcessMeter:

| reason | Ready | what it means |
| --- | --- | --- |
| \`Synced\` | True | The Manager holds this generation and it is in force. |
| \`ReferenceMissing\` | False | The Manager holds it; something that it names is not declared in the namespace yet. |
| \`NoProcessMeter\`, \`ManagerNotReady\` | False | There is no Manager to bring it to yet. |
| \`ManagerUnavailable\` | False | The Manager does not answer. What it holds already stays Ready. |
| \`SeveralProcessMeters\` | False | \`spec.processMeterRef\` must say which one. |
| \`Rejected\` | False | The Manager refuses it; the message is its own. It is tried again every five minutes. |
| \`Conflict\` | False | The Manager holds a later state of it, as after etcd was restored: make the resource anew. |

What is deleted goes from the Manager a few seconds later and is kept there for seven days in case it comes back. When more than
\`spec.configSync.maxDeletePercent\` of a kind is gone at once (of few resources: more than one), or the definition of the
kind, nothing is taken back: \`ConfigSynced\` of the ProcessMeter is False with \`MassDeleteBlocked\` or
\`DefinitionMissing\` and says how many. The annotation allows one such sweep; afterwards the reason is \`AllowanceUsed\` until
it is taken off. Use is written to the status when it moves, at most once a minute.`;

function table(kinds: readonly Kind[]): string {
  const rows = kinds.map(
    (kind) =>
      `| [${kind.kind}](#${kind.kind.toLowerCase()}) | \`${kind.shortNames.join('`, `')}\` | ${kind.area} | ${kind.summary} |`,
  );
  return ['| kind | short | for | what it is |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function chapter(kind: Kind): string {
  const spec = structuralSchema(kind.spec, 'spec');
  const status = structuralSchema(kind.status, 'status');
  return [
    `## ${kind.kind}`,
    kind.summary,
    example(kind),
    '### Fields',
    fieldTable(fields(spec, '')),
    ...ruleSection(kind, spec),
    '### Status',
    fieldTable(fields(status, '').filter(({ path }) => !/^(conditions|observedGeneration)/.test(path))),
    conditionTable(kind),
    `\`kubectl get ${kind.plural}\` shows: ${kind.columns.map(({ name, priority = 0 }) => (priority > 0 ? `${name} (\`-o wide\`)` : name)).join(', ')}, Age.`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function example(kind: Kind): string {
  const first = EXAMPLES.find((examples) => examples.kind === kind.kind)?.valid[0];
  return first === undefined ? '' : `\`\`\`yaml\n${toYaml(first.object)}\`\`\``;
}

interface Field {
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly schema: StructuralSchema;
}

function fields(schema: StructuralSchema, path: string): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const field = {
      path: here,
      type: typeOf(child),
      required: schema.required?.includes(name) === true,
      schema: child,
    };
    return [
      field,
      ...fields(child, here),
      ...(child.items === undefined ? [] : fields(child.items, `${here}[]`)),
    ];
  });
}

function typeOf(schema: StructuralSchema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'number or text';
  if (schema.enum !== undefined) return schema.enum.join(', ');
  if (schema.type === 'array') return 'list';
  if (schema.additionalProperties !== undefined) return 'map';
  if (schema.format === 'date' || schema.format === 'date-time') return schema.format;
  return schema.type === 'string' ? 'text' : (schema.type ?? '');
}

function fieldTable(rows: readonly Field[]): string {
  if (rows.length === 0) return '';
  return [
    '| field | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ path, type, required, schema }) =>
        `| \`${path}\` | ${type}${bounds(schema)} | ${fallback(schema, required)} | ${(schema.description ?? '').replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`,
    ),
  ].join('\n');
}

function bounds({ minimum, maximum }: StructuralSchema): string {
  return minimum !== undefined && maximum !== undefined ? `, ${minimum} to ${maximum}` : '';
}

function fallback(schema: StructuralSchema, required: boolean): string {
  if (required) return '**required**';
  const { default: value } = schema;
  return value === undefined || typeof value === 'object'
    ? ''
    : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

function ruleSection(kind: Kind, spec: StructuralSchema): string[] {
  const messages = [...kind.nameRules.map(({ message }) => message), ...messagesOf(spec)];
  return messages.length === 0
    ? []
    : ['### Rules', [...new Set(messages)].map((message) => `- ${message}`).join('\n')];
}

/** Messages of all rules of a schema and of what is inside of it. */
export function messagesOf(schema: StructuralSchema): string[] {
  const inner = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  return [
    ...(schema['x-kubernetes-validations'] ?? []).map(({ message }) => message),
    ...inner.flatMap((child) => (child === undefined ? [] : messagesOf(child))),
  ];
}

function conditionTable(kind: Kind): string {
  if (kind.conditions.length === 0) return '';
  return [
    '| condition | True means |',
    '| --- | --- |',
    ...kind.conditions.map(({ type, meaning }) => `| \`${type}\` | ${meaning} |`),
  ].join('\n');
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GROUP, KINDS, VERSION, customResourceDefinition, type Kind } from '@process-meter/crds';
import { EXAMPLES, type Written } from '@process-meter/crds/examples';
import { releases } from '@process-meter/crds/released';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Lab } from '@process-meter/e2e/lab';
import { startTestLab } from '@process-meter/e2e/lab/testing';
import { apiServer, type ApiServer } from './api-server.ts';

const GENERATED = join(import.meta.dirname, '../../crds/generated');

const storedSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string().optional() }),
  spec: z.unknown(),
});
const refusalSchema = z.object({
  code: z.number(),
  details: z.object({ causes: z.array(z.object({ field: z.string().optional(), message: z.string() })) }),
});
const definitionStatusSchema = z.object({
  status: z.object({
    acceptedNames: z.object({ shortNames: z.array(z.string()), categories: z.array(z.string()) }),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() })),
  }),
});

let lab: Lab;
let api: ApiServer;

beforeAll(async () => {
  lab = await startTestLab();
  api = apiServer(lab);
  await lab.kubectl(['apply', '--server-side', '-f', GENERATED]);
  await lab.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...KINDS.map(definition)]);
});
afterAll(async () => {
  api?.close();
  await lab?.stop();
});

const definition = (kind: Kind): string => `crd/${kind.plural}.${GROUP}`;
const kindNamed = (name: string): Kind => KINDS.find(({ kind }) => kind === name)!;
const pathOf = (kind: string, name = ''): string =>
  `/apis/${GROUP}/${VERSION}/namespaces/default/${kindNamed(kind).plural}${name === '' ? '' : `/${name}`}`;
const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inside, key) => Object(inside)[key], value);

/** What the API server would do, with unknown fields refused as kubectl asks for. */
const CHECKED = '?dryRun=All&fieldValidation=Strict';

async function causesOf(example: {
  object: Written;
  before?: Written;
}): Promise<{ field: string; message: string }[]> {
  const { object, before } = example;
  if (before === undefined) return refused(await api.call('POST', pathOf(object.kind) + CHECKED, object));
  const path = pathOf(object.kind, object.metadata.name);
  const made = storedSchema.parse((await api.call('POST', pathOf(before.kind), before)).body);
  try {
    const { resourceVersion } = made.metadata;
    const changed = { ...object, metadata: { ...object.metadata, resourceVersion } };
    return refused(await api.call('PUT', path + CHECKED, changed));
  } finally {
    await api.call('DELETE', path);
  }
}

function refused({ body }: { body: unknown }): { field: string; message: string }[] {
  const { code, details } = refusalSchema.parse(body);
  expect(code).toBe(422);
  return details.causes.map(({ field = '<nil>', message }) => ({ field, message }));
}

const rules = new Set(KINDS.flatMap((kind) => messagesIn(customResourceDefinition(kind))));

function messagesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const found = 'rule' in value && 'message' in value ? [String(value.message)] : [];
  return [...found, ...Object.values(value).flatMap(messagesIn)];
}

const patchStatus = (body: object): Promise<string> =>
  lab.kubectl(['patch', 'lp', 'cad-pro', '--subresource=status', '--type=merge', '-p', JSON.stringify(body)]);

describe('definitions', () => {
  test('what is committed is what the chart can install: one file a kind', () => {
    expect(readdirSync(GENERATED).toSorted()).toEqual(KINDS.map(({ plural }) => `${plural}.yaml`).toSorted());
    for (const file of readdirSync(GENERATED))
      expect(readFileSync(join(GENERATED, file), 'utf8')).toContain(GROUP);
  });

  test.each(KINDS.map((kind) => ({ name: kind.kind, kind })))(
    '$name is established, structural, and has its names',
    async ({ kind }) => {
      const { body } = await api.call(
        'GET',
        `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${kind.plural}.${GROUP}`,
      );
      const { acceptedNames, conditions } = definitionStatusSchema.parse(body).status;
      const said = Object.fromEntries(conditions.map(({ type, status }) => [type, status]));
      expect(said).toMatchObject({ Established: 'True', NamesAccepted: 'True' });
      expect(conditions.filter(({ type }) => type === 'NonStructuralSchema')).toEqual([]);
      expect(acceptedNames).toEqual(
        expect.objectContaining({ shortNames: kind.shortNames, categories: kind.categories }),
      );
    },
  );
});

describe('examples', () => {
  const valid = EXAMPLES.flatMap(({ kind, valid: all }) => all.map((example) => ({ kind, ...example })));
  const invalid = EXAMPLES.flatMap(({ kind, invalid: all }) => all.map((example) => ({ kind, ...example })));

  test.each(valid)('$kind taken: $name', async ({ kind, object, defaults = {} }) => {
    const answer = await api.call('POST', pathOf(kind) + CHECKED, object);
    expect([answer.status, answer.status === 201 ? '' : answer.body]).toEqual([201, '']);
    const { spec } = storedSchema.parse(answer.body);
    for (const [path, value] of Object.entries(defaults))
      expect([path, at(spec, path)]).toEqual([path, value]);
  });

  test.each(invalid)('$kind refused: $name', async (example) => {
    const causes = await causesOf(example);
    const there = causes.filter(({ field }) => field === example.field).map(({ message }) => message);
    const isRule = rules.has(example.message);
    const told = there.filter((message) =>
      isRule ? message.endsWith(`: ${example.message}`) : message.includes(example.message),
    );
    expect({ causes, told: told.length }).toEqual({ causes, told: 1 });
    // A rule is told alone: nobody reads it between the reports of other checks.
    if (isRule) expect(causes).toHaveLength(1);
  });

  test.each(
    releases().flatMap(({ name, objects }) =>
      objects.map((object, n) => ({ name, kind: object.kind, n, object })),
    ),
  )('written for $name, taken still: $kind $n', async ({ kind, object }) => {
    expect((await api.call('POST', pathOf(kind) + CHECKED, object)).status).toBe(201);
  });

  test('a field that is not known is named', async () => {
    const object = {
      ...EXAMPLES[0]!.valid[1]!.object,
      spec: { ...Object(EXAMPLES[0]!.valid[1]!.object.spec), colour: 1 },
    };
    const { status, body } = await api.call('POST', pathOf('ProcessMeter') + CHECKED, object);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain('unknown field \\"spec.colour\\"');
  });
});

describe('kubectl', () => {
  test.each(KINDS.map((kind) => ({ name: kind.kind, kind })))(
    'explain tells each field of $name',
    async ({ kind }) => {
      const top = await lab.kubectl(['explain', `${kind.plural}.${GROUP}`]);
      expect(top.replaceAll(/\s+/g, ' ')).toContain(kind.summary);
      const spec = (await lab.kubectl(['explain', `${kind.shortNames[0]}.spec`])).replaceAll(/\s+/g, ' ');
      const { properties = {} } =
        customResourceDefinition(kind).spec.versions[0].schema.openAPIV3Schema.properties!['spec']!;
      for (const [field, { description = '' }] of Object.entries(properties)) {
        expect(spec).toContain(field);
        expect(spec).toContain(description.replaceAll(/\s+/g, ' '));
      }
    },
  );

  test('get answers the first question about each kind, with and without a status', async () => {
    const first = EXAMPLES.map(({ valid: [example] }) => example!.object);
    await lab.apply(
      first.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: 'default' } })),
    );
    const list = async (what: string): Promise<string[][]> =>
      (await lab.kubectl(['get', what]))
        .trim()
        .split('\n')
        .map((line) => line.split(/\s{2,}/));

    const kinds: readonly Kind[] = KINDS;
    for (const { shortNames, columns } of kinds) {
      const shown = columns.filter(({ priority = 0 }) => priority === 0);
      const [head] = await list(shortNames[0]!);
      expect(head).toEqual(['NAME', ...shown.map(({ name }) => name.toUpperCase()), 'AGE']);
    }

    await patchStatus({
      status: {
        conditions: [condition('Ready', 'True', 'Synced')],
        use: { inUse: 97, peak24h: 118, available: 23, observedAt: '2026-11-25T10:00:00Z' },
      },
    });
    const [, row] = await list('lp');
    expect(row?.slice(0, -1)).toEqual([
      'cad-pro',
      'True',
      'Synced',
      'Concurrent',
      '120',
      '97',
      '118',
      '2027-12-31',
    ]);
    const everything = await lab.kubectl(['get', 'processmeter', '-o', 'name']);
    expect(everything.trim().split('\n')).toHaveLength(KINDS.length);
    const licensing = await lab.kubectl(['get', 'processmeter-licensing', '-o', 'name']);
    expect(licensing.trim().split('\n')).toHaveLength(
      KINDS.filter(({ area }) => area === 'licensing').length,
    );
  });

  test.each(KINDS.filter(({ scale }) => scale).map(({ kind, plural }) => ({ kind, plural })))(
    'scale sets the pods of a $kind',
    async ({ kind, plural }) => {
      const { name } = EXAMPLES.find((examples) => examples.kind === kind)!.valid[0]!.object.metadata;
      await lab.kubectl(['scale', `${plural}/${name}`, '--replicas=3']);
      const { body } = await api.call('GET', pathOf(kind, name));
      expect(at(body, 'spec.replicas')).toBe(3);
    },
  );

  test('a status that breaks its schema is refused', async () => {
    const said = patchStatus({ status: { conditions: [condition('Ready', 'Maybe', 'Synced')] } });
    await expect(said).rejects.toThrow('Unsupported value: "Maybe"');
  });
});

function condition(type: string, status: string, reason: string): object {
  return { type, status, reason, message: '', lastTransitionTime: '2026-11-25T10:00:00Z' };
}

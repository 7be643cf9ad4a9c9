import { z } from 'zod';
import { GROUP, VERSION } from '../group.ts';
import { structuralSchema } from './convert.ts';
import type { Kind } from './kind.ts';
import type { StructuralSchema } from './structural.ts';

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced';
    readonly names: Readonly<Record<string, unknown>>;
    readonly versions: readonly [CrdVersion];
  };
}

interface CrdVersion {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
  readonly subresources: Readonly<Record<string, unknown>>;
  readonly additionalPrinterColumns: readonly unknown[];
}

/** The definition that an API server takes. @throws SchemaRefused */
export function customResourceDefinition(kind: Kind): CustomResourceDefinition {
  const version: CrdVersion = {
    name: VERSION,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: wholeSchema(kind) },
    subresources: { status: {}, ...(kind.scale ? { scale: SCALE } : {}) },
    additionalPrinterColumns: [...kind.columns, AGE],
  };
  const names = {
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    plural: kind.plural,
    singular: kind.kind.toLowerCase(),
    shortNames: kind.shortNames,
    categories: kind.categories,
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${GROUP}` },
    spec: { group: GROUP, scope: 'Namespaced', names, versions: [version] },
  };
}

const SCALE = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
};

const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** Of no generation. What has no status at all counts as ready for whoever waits by kstatus, as Helm 4 does. */
const NOT_LOOKED_AT = { observedGeneration: 0 };

function wholeSchema(kind: Kind): StructuralSchema {
  const rules = kind.nameRules.map(({ cel, message }) => ({ rule: cel, message }));
  return {
    type: 'object',
    description: kind.summary,
    ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}),
    properties: {
      apiVersion: { type: 'string', description: 'Always `processmeter.io/v1alpha1`.' },
      kind: { type: 'string', description: `Always \`${kind.kind}\`.` },
      metadata: { type: 'object' },
      spec: structuralSchema(kind.spec, 'spec'),
      status: { ...structuralSchema(kind.status, 'status'), default: NOT_LOOKED_AT },
    },
    required: ['spec'],
  };
}

const identitySchema = z.looseObject({ name: z.string(), namespace: z.string().optional() });

/** An object of the kind as this program reads it: rules of the schema and of the name, defaults filled in. */
export function objectSchema(kind: Kind) {
  return z
    .object({
      apiVersion: z.literal(`${GROUP}/${VERSION}`),
      kind: z.literal(kind.kind),
      metadata: identitySchema,
      spec: kind.spec,
      status: kind.status.optional(),
    })
    .check((context) => {
      for (const { message, holds } of kind.nameRules) {
        if (holds(context.value.metadata.name)) continue;
        context.issues.push({ code: 'custom', message, path: ['metadata', 'name'], input: context.value });
      }
    });
}

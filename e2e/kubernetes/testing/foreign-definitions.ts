import type { Lab } from '@process-meter/e2e/lab';

/** A definition of a product that not every cluster has. */
interface Definition {
  readonly name: string;
  readonly manifest: object;
}

const open = (properties: object): object => ({
  type: 'object',
  properties,
  'x-kubernetes-preserve-unknown-fields': true,
});
const withDefault = (type: string, value: unknown): object => ({ type, default: value });
const listOf = (properties: object): object => ({ type: 'array', items: open(properties) });

function definition(group: string, kind: string, spec: object): Definition {
  const singular = kind.toLowerCase();
  const name = `${singular}s.${group}`;
  const schema = { openAPIV3Schema: open({ spec, status: open({}) }) };
  return {
    name,
    manifest: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: {
        name,
        // The API server asks for it in this group of the Kubernetes project.
        annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' },
      },
      spec: {
        group,
        names: { kind, plural: `${singular}s`, singular },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }],
      },
    },
  };
}

/** As much of CloudNativePG's Cluster as the operator sees of it, with defaults that the API server fills in. */
export const CLUSTERS = definition(
  'postgresql.cnpg.io',
  'Cluster',
  open({
    enablePDB: withDefault('boolean', true),
    instances: withDefault('integer', 1),
    storage: open({ resizeInUseVolumes: withDefault('boolean', true) }),
  }),
);

/** As much of cert-manager's Certificate as the operator sees of it. */
export const CERTIFICATES = definition('cert-manager.io', 'Certificate', open({}));

/** As much of the Gateway API's HTTPRoute as the operator sees of it, with defaults that the API server fills in. */
export const HTTP_ROUTES = definition(
  'gateway.networking.k8s.io',
  'HTTPRoute',
  open({
    parentRefs: listOf({
      group: withDefault('string', 'gateway.networking.k8s.io'),
      kind: withDefault('string', 'Gateway'),
    }),
    rules: listOf({
      backendRefs: listOf({
        group: withDefault('string', ''),
        kind: withDefault('string', 'Service'),
        weight: withDefault('integer', 1),
      }),
    }),
  }),
);

/** Resolves when the API server has the kind. */
export async function serve(lab: Lab, { name, manifest }: Definition): Promise<void> {
  await lab.apply([manifest]);
  await lab.kubectl(['wait', '--for=condition=Established', '--timeout=60s', `crd/${name}`]);
}

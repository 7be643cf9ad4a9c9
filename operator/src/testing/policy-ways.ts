import { LABELS } from '@process-meter/crds';
import { z } from 'zod';
import type { KubeObject } from '../runtime/index.ts';

/** As the operator renders it, or as the API server has it. */
export interface Rendered {
  object: KubeObject;
}

const labels = z.record(z.string(), z.string());
const selector = z.strictObject({ matchLabels: labels });
const port = z.strictObject({ port: z.number(), protocol: z.enum(['TCP', 'UDP']) });
const peers = z.array(z.strictObject({ podSelector: selector })).optional();
const ingressRule = z.strictObject({ from: peers, ports: z.array(port).min(1) });
const egressRule = z.strictObject({ to: peers, ports: z.array(port).min(1) });
/** What the operator renders, and no more: a field that is not evaluated here must not go unseen. */
const policySchema = z.strictObject({
  podSelector: selector,
  policyTypes: z.tuple([z.literal('Egress'), z.literal('Ingress')]),
  ingress: z.array(ingressRule).default([]),
  egress: z.array(egressRule).default([]),
});
type Policy = z.infer<typeof policySchema>;
type Peers = z.infer<typeof peers>;

const template = z.object({ metadata: z.object({ labels }) });
const podsSchema = z.union([
  z.object({ template }).transform((spec) => spec.template),
  z
    .object({ jobTemplate: z.object({ spec: z.object({ template }) }) })
    .transform((spec) => spec.jobTemplate.spec.template),
]);

type Labels = z.infer<typeof labels>;
/** Everything that is no pod of the installation: no label of ours, another namespace or none. */
const OUTSIDE = 'outside';
const COMPONENT = 'app.kubernetes.io/component';

const selects = ({ matchLabels }: z.infer<typeof selector>, pod: Labels): boolean =>
  Object.entries(matchLabels).every(([key, value]) => pod[key] === value);
const isAmong = (among: Peers, pod: Labels | null): boolean =>
  among === undefined || (pod !== null && among.some(({ podSelector }) => selects(podSelector, pod)));

function specsOf(objects: readonly Rendered[], kinds: readonly string[]): unknown[] {
  return objects.filter(({ object }) => kinds.includes(object.kind)).map(({ object }) => object['spec']);
}

/** Labels of the pods of everything that runs pods, by component. */
function podsOf(objects: readonly Rendered[]): Map<string, Labels> {
  const specs = specsOf(objects, ['Deployment', 'StatefulSet', 'Job', 'CronJob']);
  const all = specs.map((spec) => podsSchema.parse(spec).metadata.labels);
  for (const pod of all)
    if (pod[LABELS.processMeter] === undefined) throw new Error(`no installation: ${JSON.stringify(pod)}`);
  return new Map(all.map((pod) => [pod[COMPONENT] ?? '', pod]));
}

type Rule = { peers: Peers; ports: z.infer<typeof port>[] };

/** Rules of one direction for a pod; null: no policy selects it, and everything may pass (Kubernetes' own rule). */
function rulesFor(policies: readonly Policy[], pod: Labels, rules: (of: Policy) => Rule[]): Rule[] | null {
  const own = policies.filter(({ podSelector }) => selects(podSelector, pod));
  return own.length === 0 ? null : own.flatMap(rules);
}

const outOf = ({ egress }: Policy): Rule[] => egress.map(({ to, ports }) => ({ peers: to, ports }));
const into = ({ ingress }: Policy): Rule[] => ingress.map(({ from, ports }) => ({ peers: from, ports }));

/** Ports that the rules let through between a pod and another (null: outside); null: all. */
function portsTo(rules: Rule[] | null, other: Labels | null): string[] | null {
  if (rules === null) return null;
  const open = rules.filter((rule) => isAmong(rule.peers, other)).flatMap(({ ports }) => ports);
  return open.map(({ port: number, protocol }) => `${number}/${protocol}`);
}

/** What both ends let through; null: everything. */
function common(out: string[] | null, inside: string[] | null): string[] | null {
  if (out === null) return inside;
  return inside === null ? out : out.filter((each) => inside.includes(each));
}

/**
 * What an installation's NetworkPolicies let through, as Kubernetes defines it: a connection passes where the policies of
 * the pod it leaves and those of the pod it reaches both have a rule for it.
 * @param objects everything that an installation comes to
 * @returns lines such as `manager → postgres 5432/TCP`; `*` in place of a port: nothing is closed
 */
export function waysThrough(objects: readonly Rendered[]): string[] {
  const policies = specsOf(objects, ['NetworkPolicy']).map((spec) => policySchema.parse(spec));
  const pods = podsOf(objects);
  const ends: [string, Labels | null][] = [...pods, [OUTSIDE, null]];
  const lines = ends.flatMap(([from, source]) =>
    ends.flatMap(([to, target]) => {
      if (source === null && target === null) return [];
      const out = source === null ? null : portsTo(rulesFor(policies, source, outOf), target);
      const inside = target === null ? null : portsTo(rulesFor(policies, target, into), source);
      return (common(out, inside) ?? ['*']).map((ports) => `${from} → ${to} ${ports}`);
    }),
  );
  return [...new Set(lines)].toSorted();
}

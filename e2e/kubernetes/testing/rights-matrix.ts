import { LEADER_RIGHTS, NAMESPACE_RIGHTS, type Right } from '@process-meter/operator/rights';
import { z } from 'zod';
import type { ApiServer } from '../api-server.ts';

/** One question to the API server: may I? Namespace '' is the whole cluster. */
export interface Question {
  readonly group: string;
  /** With its subresource, as `pods/exec`. */
  readonly resource: string;
  readonly verb: string;
  readonly namespace: string;
  readonly name?: string;
}

/** What there is to ask for beyond what is served: what has rights of its own without being a resource. */
const UNSERVED = [
  { group: '', resource: 'users' },
  { group: '', resource: 'groups' },
  { group: 'authentication.k8s.io', resource: 'userextras/scopes' },
  { group: 'certificates.k8s.io', resource: 'signers' },
  { group: '', resource: 'nodes/proxy' },
  { group: '*', resource: '*' },
];
const VERBS =
  'get list watch create update patch delete deletecollection bind escalate impersonate approve sign use *'.split(
    ' ',
  );

const groupsSchema = z.object({
  groups: z.array(z.object({ preferredVersion: z.object({ groupVersion: z.string() }), name: z.string() })),
});
const resourcesSchema = z.object({ resources: z.array(z.object({ name: z.string() })) });

/** Every resource that the API server serves or that the operator has rights to. */
export async function resourcesToAsk(api: ApiServer): Promise<{ group: string; resource: string }[]> {
  const { groups } = groupsSchema.parse((await api.call('GET', '/apis')).body);
  const served = [
    { path: '/api/v1', group: '' },
    ...groups.map(({ name, preferredVersion }) => ({
      path: `/apis/${preferredVersion.groupVersion}`,
      group: name,
    })),
  ];
  const found = await Promise.all(
    served.map(async ({ path, group }) => {
      const { resources } = resourcesSchema.parse((await api.call('GET', path)).body);
      return resources.map(({ name }) => ({ group, resource: name }));
    }),
  );
  const needed = [...NAMESPACE_RIGHTS, ...LEADER_RIGHTS].flatMap(({ apiGroups, resources }) =>
    apiGroups.flatMap((group) => resources.map((resource) => ({ group, resource }))),
  );
  const all = [...found.flat(), ...needed, ...UNSERVED];
  return [...new Map(all.map((one) => [`${one.group}/${one.resource}`, one])).values()];
}

/** Every verb on every resource in every one of these namespaces. */
export function questions(
  resources: readonly { group: string; resource: string }[],
  namespaces: readonly string[],
): Question[] {
  return namespaces.flatMap((namespace) =>
    resources.flatMap((one) => VERBS.map((verb) => ({ ...one, verb, namespace }))),
  );
}

/** Where an operator is and which namespace it looks after. */
export interface Layout {
  own: string;
  watched: string;
  lease: string;
}

/** What every account may ask about itself, by the roles that a cluster comes with. */
const EVERYBODY: readonly Right[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    verbs: ['create'],
  },
];

/** Whether an operator should be allowed, by `operator/src/rights.ts`. */
export function isWanted(question: Question, { own, watched, lease }: Layout): boolean {
  const grants = (rights: readonly Right[]): boolean => rights.some((right) => covers(right, question));
  const leader = LEADER_RIGHTS.filter(({ named = false }) => !named || question.name === lease);
  return (
    grants(EVERYBODY) ||
    (question.namespace === watched && grants(NAMESPACE_RIGHTS)) ||
    (question.namespace === own && grants(leader))
  );
}

function covers({ apiGroups, resources, verbs }: Right, { group, resource, verb }: Question): boolean {
  return apiGroups.includes(group) && resources.includes(resource) && verbs.includes(verb);
}

const reviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });
const AT_ONCE = 16;

/** Asks with the operator's own token. @returns which of the questions were answered with yes */
export async function allowed(own: ApiServer, asked: readonly Question[]): Promise<Set<Question>> {
  const yes = new Set<Question>();
  const waiting = [...asked];
  const worker = async (): Promise<void> => {
    for (let question = waiting.pop(); question !== undefined; question = waiting.pop())
      if (await mayI(own, question)) yes.add(question);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return yes;
}

async function mayI(own: ApiServer, { resource: full, ...question }: Question): Promise<boolean> {
  const [resource, subresource = ''] = full.split('/');
  const resourceAttributes = { ...question, resource, subresource, version: '*' };
  const { body } = await own.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  });
  return reviewSchema.parse(body).status.allowed;
}

export const inWords = ({ verb, group, resource, namespace, name = '' }: Question): string =>
  `${verb} ${resource}${group === '' ? '' : `.${group}`} ${name} in ${namespace === '' ? 'the cluster' : namespace}`;

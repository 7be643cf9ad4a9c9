import { LEADER_RIGHTS, NAMESPACE_RIGHTS, type Right } from '@process-meter/operator/rights';

/** The rules of the operator's Roles, made from what its source says that it needs. */
export function rightsTemplate(): string {
  return [
    '{{/* Made from operator/src/rights.ts. What the operator may do in a namespace it looks after. */}}',
    '{{- define "operator.rights.namespace" -}}',
    ...NAMESPACE_RIGHTS.flatMap((right) => rule(right)),
    '{{- end }}',
    '',
    '{{/* What the operator may do in its own namespace: agree on who works. */}}',
    '{{- define "operator.rights.leader" -}}',
    ...LEADER_RIGHTS.flatMap(({ named = false, ...right }) =>
      rule(right, named ? ['  resourceNames:', '    - {{ include "operator.fullname" . }}'] : []),
    ),
    '{{- end }}',
    '',
  ].join('\n');
}

function rule({ apiGroups, resources, verbs }: Right, names: readonly string[] = []): string[] {
  const list = (field: string, values: readonly string[]): string[] => [
    `  ${field}:`,
    ...values.map((value) => `    - ${value === '' ? '""' : value}`),
  ];
  const [, ...groups] = list('apiGroups', apiGroups);
  return ['- apiGroups:', ...groups, ...list('resources', resources), ...names, ...list('verbs', verbs)];
}

import { customResourceDefinition, toYaml, type Kind } from '@process-meter/crds';

const OPEN = '{{- if .Values.crds.enabled }}\n';
const KEEP = `  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
`;
const CLOSE = '{{- end }}\n';

/** The definition of a kind as a template: a switch around it, and the mark that Helm does not delete it. */
export function crdTemplate(kind: Kind): string {
  const definition = customResourceDefinition(kind);
  const yaml = toYaml(definition);
  if (yaml.includes('{{')) throw new Error(`${kind.kind} has {{ in it, which a template would run`);
  const name = `  name: ${definition.metadata.name}\n`;
  if (yaml.split(name).length !== 2) throw new Error(`${kind.kind}: where is its metadata?`);
  return OPEN + yaml.replace(name, name + KEEP) + CLOSE;
}

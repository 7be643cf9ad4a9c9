import { KINDS } from './kinds/index.ts';
import { resourcesHandbook } from './handbook.ts';
import { customResourceDefinition } from './schema/crd.ts';
import { toYaml } from './schema/yaml.ts';

export interface GeneratedFile {
  /** Below the folder of the package. */
  readonly path: string;
  readonly content: string;
}

const HEAD = '# Made by `node crds/src/generate.ts` from crds/src/kinds. Do not edit.\n';

/** Everything that is committed and made from the kinds: the definitions and the handbook. */
export function generatedFiles(): GeneratedFile[] {
  return [
    ...KINDS.map((kind) => ({
      path: `generated/${kind.plural}.yaml`,
      content: HEAD + toYaml(customResourceDefinition(kind)),
    })),
    { path: '../docs/resources.md', content: resourcesHandbook() },
  ];
}

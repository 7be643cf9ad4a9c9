import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from '@process-meter/crds';
import { crdTemplate } from './crd-templates.ts';
import { imageList } from './image-list.ts';
import { operatorValuesSchema } from './operator-values.ts';
import { rightsTemplate } from './rights-template.ts';
import { productValuesSchema } from './product-values.ts';
import { chartReadme } from './readme.ts';
import { jsonSchema, valuesSchemaText } from './values-schema.ts';

export interface GeneratedFile {
  /** Below the folder `charts`. */
  readonly path: string;
  readonly content: string;
}

export const CHARTS = join(import.meta.dirname, '../../../charts');
export const OPERATOR_CHART = join(CHARTS, 'process-meter-operator');
export const PRODUCT_CHART = join(CHARTS, 'process-meter');

/** Everything in the charts that is committed and made from something else. */
export function generatedFiles(): GeneratedFile[] {
  return [
    ...KINDS.map((kind) => ({
      path: `process-meter-operator/templates/crds/${kind.plural}.yaml`,
      content: crdTemplate(kind),
    })),
    { path: 'process-meter-operator/templates/_rights.tpl', content: rightsTemplate() },
    {
      path: 'process-meter-operator/values.schema.json',
      content: valuesSchemaText(jsonSchema(operatorValuesSchema)),
    },
    { path: 'process-meter/values.schema.json', content: valuesSchemaText(productValuesSchema()) },
    { path: 'process-meter/images.txt', content: imageList(CHARTS) },
    ...['process-meter-operator', 'process-meter'].map((name) => ({
      path: `${name}/README.md`,
      content: readme(name),
    })),
  ];
}

function readme(name: string): string {
  return chartReadme({
    name,
    values: readFileSync(join(CHARTS, name, 'values.yaml'), 'utf8'),
    introduction: readFileSync(join(import.meta.dirname, `${name}.introduction.md`), 'utf8'),
  });
}

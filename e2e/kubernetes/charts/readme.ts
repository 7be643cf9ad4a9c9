import { commentedValues, type CommentedValue } from './commented-values.ts';

export interface Chart {
  readonly name: string;
  /** Text of its values.yaml. */
  readonly values: string;
  /** What stands above the table, Markdown. */
  readonly introduction: string;
}

/** README.md of a chart: an introduction, and a table of its values from the comments in values.yaml. */
export function chartReadme({ name, values, introduction }: Chart): string {
  const rows = commentedValues(values).map(row);
  return [
    `<!-- Made by \`node e2e/kubernetes/charts/generate.ts\` from values.yaml. Do not edit. -->`,
    '',
    `# ${name}`,
    '',
    introduction.trim(),
    '',
    '## Values',
    '',
    '| value | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function row({ path, comment, value }: CommentedValue): string {
  const shown = value === '' ? '' : `\`${cell(value)}\``;
  return `| \`${path}\` | ${shown} | ${cell(comment)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

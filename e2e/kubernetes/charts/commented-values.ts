/** One value of a values.yaml and the comment above it. */
export interface CommentedValue {
  /** Such as `image.tag`. */
  readonly path: string;
  readonly comment: string;
  /** As it is written; a value over several lines on one line. */
  readonly value: string;
}

interface Line {
  readonly indent: number;
  readonly text: string;
}

/**
 * Reads a values.yaml as we write them: comments directly above what they are about. What has a comment is one value,
 * and so are the lines below it when none of them has one.
 * @throws when a value has no comment and is in no value that has one
 */
export function commentedValues(yaml: string): CommentedValue[] {
  const lines = yaml
    .split('\n')
    .map((line) => ({ indent: line.length - line.trimStart().length, text: line.trim() }));
  return below(lines, '');
}

function below(lines: readonly Line[], path: string): CommentedValue[] {
  const found: CommentedValue[] = [];
  let comment: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (line === undefined || line.text === '') comment = [];
    else if (line.text.startsWith('#')) comment.push(line.text.replace(/^# ?/, ''));
    else {
      const inside = insideOf(lines, at);
      found.push(...valuesOf(line, { comment: comment.join(' '), inside }, path));
      at += inside.length;
      comment = [];
    }
  }
  return found;
}

function insideOf(lines: readonly Line[], at: number): Line[] {
  const indent = lines[at]?.indent ?? 0;
  const end = lines.findIndex((line, index) => index > at && line.text !== '' && line.indent <= indent);
  return lines.slice(at + 1, end === -1 ? undefined : end);
}

function valuesOf(
  line: Line,
  { comment, inside }: { comment: string; inside: readonly Line[] },
  path: string,
): CommentedValue[] {
  const [, key = '', value = ''] = /^([^:]+):(?: (.*))?$/.exec(line.text) ?? [];
  if (key === '') throw new Error(`not a key of a map: ${line.text}`);
  const full = path === '' ? key : `${path}.${key}`;
  if (comment === '') throw new Error(`${full} has no comment`);
  const described = inside.some(({ text }) => text.startsWith('#'));
  const shown = described ? '' : [value, ...inside.map(({ text }) => text)].filter(Boolean).join(' ');
  return [{ path: full, comment, value: shown }, ...(described ? below(inside, full) : [])];
}

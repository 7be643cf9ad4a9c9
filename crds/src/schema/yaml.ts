type Json = unknown;

const PLAIN = /^[A-Za-z_.][A-Za-z0-9_./-]*$/;
const MEANS_SOMETHING = /^(true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$/i;

/** YAML of plain JSON data: the same bytes for the same data, texts quoted wherever a reader could take them for else. */
export function toYaml(value: Json): string {
  return `${lines(value, '').join('\n')}\n`;
}

function lines(value: Json, indent: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => itemLines(item, indent));
  if (isMap(value)) return Object.entries(value).flatMap(([key, item]) => entryLines(key, item, indent));
  return [indent + scalar(value)];
}

function entryLines(key: string, value: Json, indent: string): string[] {
  const head = `${indent}${scalar(key)}:`;
  if (isFlat(value)) return [`${head} ${scalar(value)}`];
  return [head, ...lines(value, `${indent}  `)];
}

function itemLines(item: Json, indent: string): string[] {
  if (isFlat(item)) return [`${indent}- ${scalar(item)}`];
  const [first = '', ...rest] = lines(item, `${indent}  `);
  return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
}

/** Fits behind its key: a plain value, or something empty. */
function isFlat(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !isMap(value) || Object.keys(value).length === 0;
}

function scalar(value: Json): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !MEANS_SOMETHING.test(value) ? value : JSON.stringify(value);
}

function isMap(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { SchemaRefused } from './structural.ts';

/** Formats that the API server checks; any other it takes and ignores. */
const FORMATS = new Set(['date', 'date-time', 'int32', 'int64', 'uuid']);

const NOT_RE2: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'looks ahead or behind'],
  [/\\[1-9]|\\k</, 'refers back'],
  [/\(\?>/, 'has an atomic group'],
  [/\(\?<[A-Za-z]/, 'names a group'],
  [/[*+?}]\+/, 'has a possessive quantifier'],
  [/\\[cu]/, 'has an escape of JavaScript only'],
];

/** The API server's patterns are RE2. @throws SchemaRefused */
export function checkPattern(pattern: string, path: string): void {
  for (const [found, what] of NOT_RE2) {
    if (found.test(pattern)) throw new SchemaRefused(path, `the pattern ${what}, which RE2 cannot`);
  }
}

/** @throws SchemaRefused */
export function checkFormat(format: unknown, path: string): void {
  if (typeof format !== 'string' || !FORMATS.has(format))
    throw new SchemaRefused(path, `the API server ignores the format \`${String(format)}\`: use a pattern`);
}

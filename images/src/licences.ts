import type { Contents } from './parts.ts';

/** Names and licences of everything in an image, with their texts. */
export function licenceTexts(contents: readonly Contents[]): string {
  return contents
    .flatMap(({ npm, debian, other }) => [
      ...npm.map((found) => entry(found, found.licence, found.licenceText)),
      ...debian.map((found) => entry(found, undefined, found.copyright)),
      ...other.map((found) => entry(found, found.licence, undefined)),
    ])
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function entry(
  { name, version }: { name: string; version: string },
  licence: string | undefined,
  text: string | undefined,
): string {
  const head = licence === undefined ? `${name} ${version}` : `${name} ${version}: ${licence}`;
  return text === undefined ? `${head}\n` : `${head}\n\n${text.trim()}\n`;
}

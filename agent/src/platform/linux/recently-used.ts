import { readFile, stat } from 'node:fs/promises';

const MAX_BYTES = 2 * 1024 * 1024;
const NEWEST = 50;

/** The newest entries of the desktop's list of recently used files, read again only when the file changes. */
export function recentlyUsed(path: string): () => Promise<readonly string[]> {
  let stamp = '';
  let paths: readonly string[] = [];
  return async () => {
    const found = await stat(path).catch(() => null);
    if (found === null || found.size > MAX_BYTES) return [];
    const now = `${found.mtimeMs}:${found.size}`;
    if (now !== stamp) {
      paths = parseRecentlyUsed(await readFile(path, 'utf8').catch(() => ''));
      stamp = now;
    }
    return paths;
  };
}

/** Paths of the `file://` bookmarks of an XBEL document, newest first. */
export function parseRecentlyUsed(xml: string): string[] {
  const found: { path: string; visited: string }[] = [];
  for (const [tag] of xml.matchAll(/<bookmark\b[^>]*>/g)) {
    const href = /\bhref="file:\/\/([^"]*)"/.exec(tag)?.[1];
    const visited = /\b(?:visited|modified)="([^"]*)"/.exec(tag)?.[1] ?? '';
    if (href === undefined) continue;
    try {
      found.push({ path: decodeURIComponent(unescapeXml(href)), visited });
    } catch {
      // A malformed entry says nothing.
    }
  }
  return found
    .toSorted((a, b) => b.visited.localeCompare(a.visited))
    .slice(0, NEWEST)
    .map(({ path }) => path);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescapeXml = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (whole, name: string) => ENTITIES[name] ?? whole);

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { gzipSync } from 'node:zlib';

/** Most JavaScript and CSS a page may load at once, in bytes after gzip; the framework takes 38 kB of it. */
const JS_MOST = 60_000;
const CSS_MOST = 12_000;

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
  readonly css?: readonly string[];
}

const root = new URL('../.svelte-kit/output/client/', import.meta.url);
const manifest: Record<string, Chunk> = JSON.parse(
  readFileSync(new URL('.vite/manifest.json', root), 'utf8'),
);
const sizes = new Map<string, number>();

function gzipped(file: string): number {
  let size = sizes.get(file);
  if (size === undefined) {
    size = gzipSync(readFileSync(new URL(file, root)), { level: 9 }).length;
    sizes.set(file, size);
  }
  return size;
}

/** Files that a set of entries loads before anything is touched: static imports only. */
function filesOf(entries: readonly string[]): Set<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const walk = (key: string): void => {
    const chunk = manifest[key];
    if (chunk === undefined || seen.has(key)) return;
    seen.add(key);
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const next of chunk.imports ?? []) walk(next);
  };
  for (const entry of entries) walk(entry);
  return files;
}

const total = (files: ReadonlySet<string>, end: string): number =>
  [...files].filter((file) => file.endsWith(end)).reduce((sum, file) => sum + gzipped(file), 0);

/** The route file a node was made from, such as `(app)/use/sessions/+page.svelte`. */
function routeOf(key: string): string {
  const source = readFileSync(new URL(`../${key}`, import.meta.url), 'utf8');
  return /src\/routes\/([^"']+\.svelte)/.exec(source)?.[1] ?? key;
}

const nodes = Object.keys(manifest)
  .filter((key) => /nodes\/\d+\.js$/.test(key))
  .map((key) => ({ key, route: routeOf(key) }));
const shared = Object.keys(manifest).filter((key) =>
  /(?:runtime\/client\/(?:client-)?entry|\/app)\.js$/.test(key),
);
const pages = nodes.filter(({ route }) => route.endsWith('+page.svelte'));
// Layouts and error pages above a page come with it.
const framesOf = (route: string): string[] =>
  nodes
    .filter((node) => /\+(?:layout|error)\.svelte$/.test(node.route))
    .filter((node) => route.startsWith(node.route.replace(/\+(?:layout|error)\.svelte$/, '')))
    .map((node) => node.key);
let failed = pages.length === 0 || shared.length < 2;

for (const { key, route } of pages) {
  const files = filesOf([...shared, ...framesOf(route), key]);
  const js = total(files, '.js');
  const css = total(files, '.css');
  const over = js > JS_MOST || css > CSS_MOST;
  failed ||= over;
  const figures = `${(js / 1000).toFixed(1)} kB JS, ${(css / 1000).toFixed(1)} kB CSS`;
  process.stdout.write(`${figures}  ${route}${over ? '  OVER BUDGET' : ''}\n`);
}
if (failed) process.exitCode = 1;

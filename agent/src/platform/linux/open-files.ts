import { readFile, readdir, readlink, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import type { DocumentSource, FileCandidate } from '../platform.ts';

/** Files that are open but are nobody's document. */
const NOISE =
  /^\/(?:usr|lib|lib64|proc|sys|dev|run|etc|var\/(?:cache|lib|log))\/|\/\.(?:cache|config|mozilla|local\/share)\/|^\/tmp\/lu|\.(?:so(?:\.[\d.]+)?|db|sqlite|db-wal|db-shm|ttf|otf|pf2|log|lock|pid)$|^\/memfd:| \(deleted\)$/;
const SWAP = /^\.(.+)\.sw[a-p]$/;
const LOCK = /^\.~lock\.(.+)#$/;
const MAX_DESCRIPTORS = 512;

/** Files a process tree may have open: descriptors, swap and lock files, arguments, recently used, paths in the title. */
export function procDocuments(recent: () => Promise<readonly string[]>, root = '/proc'): DocumentSource {
  return {
    async candidates(pids, title) {
      const lists = await Promise.all([
        ...pids.flatMap((pid) => [openFiles(root, pid), argumentFiles(root, pid)]),
        recent().then((paths) => paths.map((path) => ({ path, from: 'recent' as const }))),
        titlePaths(title),
      ]);
      return lists.flat().filter(({ path }) => !NOISE.test(path));
    },
  };
}

async function openFiles(root: string, pid: number): Promise<FileCandidate[]> {
  const descriptors = await readdir(`${root}/${pid}/fd`).catch(() => []);
  const links = descriptors
    .slice(0, MAX_DESCRIPTORS)
    .map((fd) => readlink(`${root}/${pid}/fd/${fd}`).catch(() => ''));
  const paths = new Set((await Promise.all(links)).filter((path) => path.startsWith('/')));
  const files = await Promise.all([...paths].map(fileCandidate));
  return files.filter((candidate) => candidate !== null);
}

async function fileCandidate(path: string): Promise<FileCandidate | null> {
  const hidden = SWAP.exec(basename(path)) ?? LOCK.exec(basename(path));
  if (hidden?.[1] !== undefined) return { path: resolve(dirname(path), hidden[1]), from: 'swap' };
  return (await isFile(path)) ? { path, from: 'fd' } : null;
}

async function argumentFiles(root: string, pid: number): Promise<FileCandidate[]> {
  const line = await readFile(`${root}/${pid}/cmdline`, 'utf8').catch(() => '');
  const words = line
    .split('\0')
    .slice(1)
    .filter((word) => word !== '' && !word.startsWith('-'));
  if (words.length === 0) return [];
  const folder = await readlink(`${root}/${pid}/cwd`).catch(() => null);
  const paths = words.slice(0, 50).flatMap((word) => {
    const plain = word.startsWith('file://') ? fileUrlPath(word) : word;
    if (plain === null || plain.length > 4096) return [];
    if (isAbsolute(plain)) return [plain];
    return folder === null ? [] : [resolve(folder, plain)];
  });
  const files = await Promise.all(paths.map(async (path) => ((await isFile(path)) ? path : null)));
  return files.filter((path) => path !== null).map((path) => ({ path, from: 'argument' }));
}

function fileUrlPath(url: string): string | null {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return null;
  }
}

/** Absolute paths in a title, such as `/home/a/plan.txt - Editor`; the longest one that exists. */
async function titlePaths(title: string): Promise<FileCandidate[]> {
  const at = title.search(/(?:^|[\s*(["'])(?:~?\/)/);
  if (at === -1) return [];
  const from = title
    .slice(at)
    .replace(/^[\s*(["']+/, '')
    .replace(/^~(?=\/)/, homedir());
  for (const end of titleEnds(from)) {
    const path = from.slice(0, end);
    if (await isFile(path)) return [{ path, from: 'title' }];
  }
  return [];
}

/** Where a path in a title may end: at its end, or before a separator; longest first. */
function titleEnds(text: string): number[] {
  const ends = [text.length];
  for (const match of text.matchAll(/\s+[-–—([|]|[)\]"']|\s\*/g)) ends.push(match.index);
  return ends.toSorted((a, b) => b - a).slice(0, 10);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

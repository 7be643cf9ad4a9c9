import { posix } from 'node:path';
import type { FileCandidate } from '../../platform/platform.ts';

/** Points of each place a file was found in (agent.md §6, where five of five real programs were resolved by them). */
const POINTS = { fd: 5, swap: 5, argument: 3, recent: 2, title: 2 } as const;
const FULL_PATH_IN_TITLE = 12;
const NAME_IN_TITLE = 8;
const FOLDER_IN_TITLE = 4;
const NOT_IN_TITLE = -3;
const THRESHOLD = 3;
const CERTAIN = 20;

export interface ResolvedFile {
  path: string;
  /** 0 to 100. */
  confidence: number;
}

/** The file a window shows, by scoring; null when no candidate is convincing or two are equally so. */
export function resolveFile(title: string, candidates: readonly FileCandidate[]): ResolvedFile | null {
  const sources = new Map<string, Set<FileCandidate['from']>>();
  for (const { path, from } of candidates) sources.set(path, (sources.get(path) ?? new Set()).add(from));
  const scored = [...sources]
    .map(([path, from]) => ({ path, score: scoreOf(path, from, title) }))
    .toSorted((a, b) => b.score - a.score);
  const [best, second] = scored;
  if (best === undefined || best.score < THRESHOLD || best.score === second?.score) return null;
  return { path: best.path, confidence: Math.min(100, Math.round((best.score / CERTAIN) * 100)) };
}

function scoreOf(path: string, from: ReadonlySet<FileCandidate['from']>, title: string): number {
  const found = [...from].reduce((sum, source) => sum + POINTS[source], 0);
  return found + titleScore(path, from, title);
}

function titleScore(path: string, from: ReadonlySet<FileCandidate['from']>, title: string): number {
  const name = posix.basename(path);
  if (containsName(title, path) || from.has('title')) return FULL_PATH_IN_TITLE;
  if (containsName(title, name)) {
    const folder = posix.basename(posix.dirname(path));
    return (
      NAME_IN_TITLE + (folder !== '' && containsName(title.replace(name, ''), folder) ? FOLDER_IN_TITLE : 0)
    );
  }
  // Recently used files that the title does not name say nothing about this window.
  return from.has('swap') || from.has('argument') ? 0 : NOT_IN_TITLE;
}

/**
 * The name stands somewhere in the title as a word of its own: `a.txt` is not in `data.txt`, and
 * `plan` is not in `plan.txt`.
 */
function containsName(title: string, name: string): boolean {
  if (name.length < 2) return false;
  for (let at = title.indexOf(name); at !== -1; at = title.indexOf(name, at + 1)) {
    const goesOnBefore = /[\p{L}\p{N}_]\.?$/u.test(title.slice(Math.max(0, at - 3), at));
    const goesOnAfter = /^(?:\.?[\p{L}\p{N}_]|\/)/u.test(title.slice(at + name.length, at + name.length + 3));
    if (!goesOnBefore && !goesOnAfter) return true;
  }
  return false;
}

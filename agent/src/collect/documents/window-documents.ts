import { baseName } from '../../session/match.ts';
import type { ObservedDocument } from '../../session/sample.ts';
import type { DocumentSource, WindowInfo } from '../../platform/platform.ts';
import { applyPrivacy, type PrivacyRules } from './privacy.ts';
import { resolveFile } from './resolve.ts';

interface Known {
  title: string;
  document: ObservedDocument;
  /** When a window without a known file is asked again, and how often it was asked in vain. */
  lookAgain: number;
  tries: number;
}
/** A new window is given this long to load its file before it counts as a window without one. */
export const SETTLE_MS = 1000;
/** A window that shows no known file is asked again after a second, then ever later, at most this much. */
const LOOK_AGAIN_MOST_MS = 60_000;

/**
 * Which document each window shows. An answer is kept while the title stays, or still names the same file; a window
 * without a known file is one document under its first title, however often that changes.
 */
export class WindowDocuments {
  readonly #source: DocumentSource;
  readonly #known = new Map<string, Known>();

  constructor(source: DocumentSource) {
    this.#source = source;
  }

  /** The document of a window, or null while a new window is still given time. */
  async of(
    window: WindowInfo,
    pids: readonly number[],
    context: { rules: PrivacyRules; now: number },
  ): Promise<ObservedDocument | null> {
    const known = this.#known.get(window.id);
    if (known?.title === window.title && (known.document.source === 'file' || rests(known, context.now)))
      return known.document;
    const file = resolveFile(window.title, await this.#source.candidates(pids, window.title));
    if (file !== null)
      return this.#keep(window, fileDocument(file, { window, known, ...context }), context.now);
    if (known?.document.source === 'title') return this.#keep(window, known.document, context.now);
    if (known === undefined && isNew(window, context.now)) return null;
    return this.#keep(window, titleDocument(window, known, context), context.now);
  }

  /** Forgets windows that are gone. */
  prune(windows: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!windows.has(id)) this.#known.delete(id);
  }

  /** Forgets all answers: the privacy rules changed. */
  clear(): void {
    this.#known.clear();
  }

  #keep(window: WindowInfo, document: ObservedDocument, now: number): ObservedDocument {
    const before = this.#known.get(window.id);
    const tries = before?.title === window.title ? before.tries + 1 : 0;
    const lookAgain = now + Math.min(SETTLE_MS * 2 ** tries, LOOK_AGAIN_MOST_MS);
    this.#known.set(window.id, { title: window.title, document, lookAgain, tries });
    return document;
  }
}

/** After the clock was set back both instants may lie far ahead: then it is asked at once, and no window is new. */
const rests = ({ lookAgain }: Known, now: number): boolean =>
  now < lookAgain && now >= lookAgain - LOOK_AGAIN_MOST_MS;
const isNew = ({ since }: WindowInfo, now: number): boolean => now >= since && now - since < SETTLE_MS;

/** A window without a known file counts under its first title. */
function titleDocument(
  window: WindowInfo,
  known: Known | undefined,
  context: { rules: PrivacyRules; now: number },
): ObservedDocument {
  const { name } = applyPrivacy({ name: window.title, path: '' }, context.rules);
  return {
    key: `window:${window.id}`,
    name,
    path: '',
    source: name === '' ? 'none' : 'title',
    confidence: name === '' ? 0 : 50,
    since: known === undefined ? window.since : context.now,
  };
}

function fileDocument(
  file: { path: string; confidence: number },
  context: { window: WindowInfo; known: Known | undefined; rules: PrivacyRules; now: number },
): ObservedDocument {
  const key = `file:${file.path}`;
  if (context.known?.document.key === key) return context.known.document;
  return {
    key,
    ...applyPrivacy({ name: baseName(file.path), path: folderOf(file.path) }, context.rules),
    source: 'file',
    confidence: file.confidence,
    since: context.known === undefined ? context.window.since : context.now,
  };
}

/** The folder a file lies in: the name already tells the rest. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.length - baseName(path).length - 1));
}

import type { AgentApplication } from '@process-meter/contract';
import { checkpointSchema, type Checkpoint } from '../checkpoint.ts';
import type { ObservedFocus, ObservedSession, RecordDraft, Sample } from '../sample.ts';
import { Tracker } from '../tracker.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** An instant that is a whole hour UTC. */
export const START = 1_800_000_000_000;
const identity = { agent: 'agent', user: 'ann', computer: 'ws1', desktop: () => ':0' };

export type DraftOf<K extends RecordDraft['kind']> = Extract<RecordDraft, { kind: K }>;

export function application(id: number, changes: Partial<AgentApplication> = {}): AgentApplication {
  return {
    id,
    slug: `app${id}`,
    name: `App ${id}`,
    rules: [{ executable: `app${id}` }],
    inactiveAfterMs: MINUTE,
    timeoutAfterMs: 15 * MINUTE,
    countBusyAsActive: false,
    busyCpuShare: 0.4,
    titlePrivacy: 'keep',
    pathPrivacy: 'keep',
    ...changes,
  };
}

/** What a desktop shows: the documents of each application by name, seen first at `since`. */
export function picture(
  shown: Readonly<Record<number, readonly string[]>>,
  since: number,
  run = 0,
): ObservedSession[] {
  return Object.entries(shown).map(([id, documents]) => ({
    key: `boot/${id}/${run}`,
    application: Number(id),
    pid: 100 + Number(id),
    executable: `/usr/bin/app${id}`,
    since,
    documents: documents.map((name) => ({
      key: `file:${name}`,
      name,
      path: '',
      source: 'file',
      confidence: 100,
      since,
    })),
  }));
}

export const focusOn = (id: number, name: string, run = 0): ObservedFocus => ({
  session: `boot/${id}/${run}`,
  document: `file:${name}`,
});

/** A tracker with all that it wrote; what was not saved is lost in a crash, as in the outbox. */
export class Desk {
  drafts: RecordDraft[] = [];
  tracker = new Tracker(identity, null);
  #saved: { checkpoint: Checkpoint; length: number } | null = null;

  feed(...samples: Sample[]): void {
    for (const sample of samples) this.drafts.push(...this.tracker.apply(sample));
  }

  /** One transaction of the outbox: the records so far and the checkpoint, as text. */
  save(): void {
    const text = JSON.stringify(this.tracker.checkpoint());
    this.#saved = { checkpoint: checkpointSchema.parse(JSON.parse(text)), length: this.drafts.length };
  }

  /** The agent starts again and finds what was saved last. */
  restart(): void {
    this.drafts.length = this.#saved?.length ?? 0;
    this.tracker = new Tracker(identity, structuredClone(this.#saved?.checkpoint ?? null));
  }

  of<K extends RecordDraft['kind']>(kind: K): DraftOf<K>[] {
    return this.drafts.filter((draft): draft is DraftOf<K> => draft.kind === kind);
  }

  /** Segments of the documents with this name, as `state from-to`, in seconds from `from`. */
  story(name: string, from = START): string[] {
    const ids = new Set(
      this.of('document')
        .filter((document) => document.name === name)
        .map(({ document }) => document),
    );
    const at = (instant: number): number => (instant - from) / 1000;
    return this.of('segment')
      .filter(({ document }) => ids.has(document))
      .map(({ state, started, ended }) => `${'.AIT'[state]} ${at(started)}-${at(ended)}`);
  }
}

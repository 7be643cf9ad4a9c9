import type { CauseName, SessionDetail, StateName } from '@process-meter/contract';

/** What is needed of a change to walk from one to the next. */
export interface Step {
  /** Stable name of the change in an address: document and instant. */
  readonly key: string;
  readonly document: string;
  readonly at: number;
  readonly after: StateName | 'closed';
}

/** One change of a document: it was opened, changed its state, or was closed. */
export interface Change extends Step {
  readonly name: string;
  readonly before: StateName | 'opened';
  readonly cause: CauseName;
  /** How long the state after it lasted; null when it closed. */
  readonly lasted: number | null;
  /** The state after it goes on. */
  readonly open: boolean;
}

type Document = SessionDetail['documentList'][number];

function changesOf(document: Document): Change[] {
  const changes: Change[] = [];
  let before: Change['before'] = 'opened';
  for (const segment of document.segments) {
    const last = changes.at(-1);
    // Long segments are cut for storage: no change of state lies between the parts.
    if (last !== undefined && last.after === segment.state && segment.cause === 'cut') {
      changes[changes.length - 1] = { ...last, lasted: segment.to - last.at, open: segment.open };
      continue;
    }
    changes.push({
      key: `${document.id}-${String(segment.from)}`,
      document: document.id,
      name: document.name,
      at: segment.from,
      before,
      after: segment.state,
      cause: segment.cause,
      lasted: segment.to - segment.from,
      open: segment.open,
    });
    before = segment.state;
  }
  if (document.closed !== null && before !== 'opened') {
    changes.push({
      key: `${document.id}-closed`,
      document: document.id,
      name: document.name,
      at: document.closed,
      before,
      after: 'closed',
      cause: document.closeCause ?? 'closed',
      lasted: null,
      open: false,
    });
  }
  return changes;
}

/** All changes of a session's documents in the order of time. */
export function sessionChanges(session: Pick<SessionDetail, 'documentList'>): Change[] {
  return session.documentList.flatMap(changesOf).sort((one, other) => one.at - other.at);
}

function alongDocument<Each extends Step>(changes: readonly Each[], chosen: Each, by: -1 | 1): Each {
  const own = changes.filter((change) => change.document === chosen.document);
  return own[own.findIndex((change) => change.key === chosen.key) + by] ?? chosen;
}

function acrossDocuments<Each extends Step>(changes: readonly Each[], chosen: Each, by: -1 | 1): Each {
  const documents = [...new Set(changes.map((change) => change.document))];
  const next = documents[documents.indexOf(chosen.document) + by];
  const lane = changes.filter((change) => change.document === next);
  return lane.findLast((change) => change.at <= chosen.at) ?? lane[0] ?? chosen;
}

/** The change next to the chosen one: along time in its document, or in a neighbouring document at about the same time. */
export function stepChange<Each extends Step>(
  changes: readonly Each[],
  chosen: Each | undefined,
  key: 'left' | 'right' | 'up' | 'down',
): Each | undefined {
  const walkable = changes.filter((change) => change.after !== 'closed');
  if (chosen === undefined) return key === 'left' ? walkable.at(-1) : walkable[0];
  const by = key === 'left' || key === 'up' ? -1 : 1;
  return key === 'left' || key === 'right'
    ? alongDocument(walkable, chosen, by)
    : acrossDocuments(walkable, chosen, by);
}

import { createHash } from 'node:crypto';
import {
  agentRecordSchema,
  heldStretchSchema,
  openDocumentSchema,
  openSnapshotSchema,
  type RecordKind,
} from './record.ts';
import { unpack, wireSchema } from './wire.ts';

const ITEMS = 4;
const DEPTH = 8;
const SAMPLE_MAX = 2000;
/** Names of fields that say nothing of a desktop; any other name is the sender's own text. */
const KNOWN = new Set([
  ...Object.keys(wireSchema.shape),
  ...wireSchema.shape.g.keyType.options,
  ...agentRecordSchema.options.flatMap((record) => Object.keys(record.shape)),
  ...Object.keys(openSnapshotSchema.shape),
  ...Object.keys(openDocumentSchema.shape),
  ...Object.keys(heldStretchSchema.shape),
]);
const KINDS = new Set<string>(agentRecordSchema.options.map((record): RecordKind => record.shape.kind.value));

/**
 * What a batch that was refused holds, safe to show: names of fields, numbers and lengths. No text of the desktop is in
 * it, whatever the batch is: no title, path, user or computer. At most 2,000 characters.
 */
export function sampleOfBatch(body: Uint8Array, encoding: string | undefined): string {
  try {
    const value: unknown = JSON.parse(unpack(body, encoding));
    return shown(value, 0).slice(0, SAMPLE_MAX);
  } catch {
    const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
    return `${body.byteLength} bytes that cannot be unpacked, SHA-256 ${digest}…`;
  }
}

function shown(value: unknown, depth: number): string {
  if (typeof value === 'string') return `(text of ${value.length})`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (depth === DEPTH) return '…';
  return Array.isArray(value) ? shownList(value, depth) : shownFields(value, depth);
}

function shownList(list: readonly unknown[], depth: number): string {
  const first = list.slice(0, ITEMS).map((each) => shown(each, depth + 1));
  if (list.length > ITEMS) first.push(`… ${list.length - ITEMS} more`);
  return `[${first.join(', ')}]`;
}

function shownFields(fields: object, depth: number): string {
  const parts = Object.entries(fields)
    .slice(0, 40)
    .map(([name, value]) => {
      if (!KNOWN.has(name)) return '(unknown field)';
      const isKind = name === 'kind' && typeof value === 'string' && KINDS.has(value);
      return `${name}: ${isKind ? value : shown(value, depth + 1)}`;
    });
  return `{${parts.join(', ')}}`;
}

import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
  type StreamUpdateConfig,
} from '@nats-io/jetstream';
import type { Log } from '../log.ts';
import { MANAGED_STREAMS, type ManagedStream } from './streams.ts';

export interface StreamsDeps {
  manager: JetStreamManager;
  log: Log;
  streams?: readonly ManagedStream[];
}

/**
 * Makes the streams that are not there, and brings those that are to the wanted configuration, so that an upgrade needs no
 * hand. What a server never changes of a stream that exists is told and left as it is: the stream still works.
 */
export async function ensureStreams({ manager, log, streams = MANAGED_STREAMS }: StreamsDeps): Promise<void> {
  for (const wanted of streams) {
    const known = await infoOf(manager, wanted.name);
    if (known === undefined) {
      await manager.streams.add({ ...wanted });
      continue;
    }
    const { changes, fixed } = changesOf(known, wanted);
    if (fixed.length > 0)
      log.error({ stream: wanted.name, fixed }, 'a stream was made otherwise and stays so');
    if (!(await update({ manager, log }, wanted.name, changes)))
      await update({ manager, log }, wanted.name, withoutLimits(changes));
  }
}

type Changes = Partial<StreamUpdateConfig>;

/** @returns false when the server refuses: it lacks the space for a limit, for example. The stream still works as it is. */
async function update(
  { manager, log }: Pick<StreamsDeps, 'manager' | 'log'>,
  stream: string,
  changes: Changes,
): Promise<boolean> {
  if (Object.keys(changes).length === 0) return true;
  try {
    await manager.streams.update(stream, changes);
    log.info({ stream, changes }, 'brought a stream to its configuration');
    return true;
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    log.error({ err: error, stream, changes }, 'the server refuses a change of a stream');
    return false;
  }
}

const withoutLimits = (changes: Changes): Changes =>
  Object.fromEntries(Object.entries(changes).filter(([key]) => key !== COPIES && !LIMITS.includes(key)));

async function infoOf(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  }
}

const LIMITS: readonly string[] = ['max_bytes', 'max_age', 'max_msgs_per_subject'];
/** Servers may be too few for it. */
const COPIES = 'num_replicas';
const FIXED: readonly string[] = ['name', 'storage', 'retention'];

/**
 * What differs from the wanted configuration. Limits are only raised: a lower one could remove what the stream holds. What is
 * not named in the wanted configuration stays as it is.
 */
function changesOf(
  known: Partial<StreamConfig>,
  wanted: Partial<StreamConfig>,
): { changes: Changes; fixed: string[] } {
  const present = new Map<string, unknown>(Object.entries(known));
  const different = Object.entries(wanted).filter(([key, value]) => {
    if (LIMITS.includes(key)) return height(present.get(key)) < height(value);
    // Somebody who keeps more copies than we ask for wants them.
    if (key === COPIES) return Number(present.get(key) ?? 1) < Number(value);
    return JSON.stringify(present.get(key)) !== JSON.stringify(value);
  });
  return {
    changes: Object.fromEntries(different.filter(([key]) => !FIXED.includes(key))),
    fixed: different.flatMap(([key]) => (FIXED.includes(key) ? [key] : [])),
  };
}

/** Of a limit, where 0, −1 and none mean no limit. */
const height = (limit: unknown): number => (typeof limit === 'number' && limit > 0 ? limit : Infinity);

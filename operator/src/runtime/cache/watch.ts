import { z } from 'zod';
import { childAbort, type Clock } from '../clock.ts';
import { KubeError, networkError, statusError } from '../kube/errors.ts';
import { METADATA_ONLY, readObject } from '../kube/list.ts';
import type { KubeObject, Resource } from '../kube/object.ts';
import { collectionPath, query } from '../kube/path.ts';
import type { Transport } from '../kube/transport.ts';
import type { InformerOptions } from './informer-types.ts';
import { lines } from './lines.ts';

/** The server sends a bookmark about every minute, so this much silence means that nobody is there. */
export const SILENCE_MS = 90_000;
const OPENING_MS = 30_000;

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject; version: string }
  | { type: 'BOOKMARK'; version: string };

export interface WatchCall {
  resource: Resource;
  options: InformerOptions;
  /** Resource version to go on from. */
  version: string;
  /** Told when the stream is open, and at each event. */
  alive: () => void;
  signal: AbortSignal;
}

const eventSchema = z.object({ type: z.string(), object: z.unknown() });
const versionSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

/**
 * Events since a version, until the server ends the watch. Throws KubeError; `Silent` as its reason means that
 * nothing was heard for too long. Ends without a word when the signal is aborted.
 */
export async function* watch(
  deps: { transport: Transport; clock: Clock; random: () => number; silenceMs?: number | undefined },
  call: WatchCall,
): AsyncGenerator<WatchEvent> {
  const { controller, dispose } = childAbort(call.signal);
  const silence = silenceTimer(deps.clock, controller);
  const { silenceMs = SILENCE_MS } = deps;
  try {
    silence.within(Math.min(OPENING_MS, silenceMs));
    const body = await deps.transport.stream({
      path: watchPath(call, deps.random),
      accept: call.options.metadataOnly === true ? METADATA_ONLY.object : 'application/json',
      signal: controller.signal,
    });
    silence.within(silenceMs);
    call.alive();
    for await (const line of lines(body)) {
      if (call.signal.aborted) return;
      silence.within(silenceMs);
      call.alive();
      const event = readEvent(line, call.resource);
      if (event !== undefined) yield event;
    }
  } catch (error) {
    if (call.signal.aborted) return;
    if (controller.signal.aborted) throw controller.signal.reason;
    throw error instanceof KubeError ? error : networkError(error, `WATCH ${call.resource.plural}`);
  } finally {
    silence.stop();
    dispose();
    // Ends the stream also when the reader left early.
    controller.abort();
  }
}

function silenceTimer(clock: Clock, controller: AbortController) {
  let stop = () => {};
  return {
    within: (ms: number) => {
      stop();
      stop = clock.after(ms, () => {
        const message = `nothing was heard for ${ms} ms`;
        controller.abort(new KubeError({ status: 0, reason: 'Silent', message }));
      });
    },
    stop: () => stop(),
  };
}

function watchPath(call: WatchCall, random: () => number): string {
  const seconds = 240 + Math.floor(random() * 181);
  return (
    collectionPath(call.resource, call.options.namespace) +
    query(call.options, {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: call.version,
      // Spread, so that thousands of watches do not come back in the same second.
      timeoutSeconds: seconds,
    })
  );
}

function readEvent(line: string, resource: Resource): WatchEvent | undefined {
  try {
    return parseEvent(line, resource);
  } catch (error) {
    if (error instanceof KubeError && error.status !== 0) throw error;
    // Asking for it again would bring it again: a new list goes past it.
    const message = `WATCH ${resource.plural}: an event that cannot be read`;
    throw new KubeError({ status: 200, reason: 'BadEvent', message, cause: error });
  }
}

function parseEvent(line: string, resource: Resource): WatchEvent | undefined {
  const { type, object } = eventSchema.parse(JSON.parse(line));
  if (type === 'ERROR') throw statusError(object, `WATCH ${resource.plural}`);
  const version = versionSchema.parse(object).metadata.resourceVersion;
  if (type === 'BOOKMARK') return { type, version };
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
    return { type, object: readObject(object, resource), version };
  }
  return undefined;
}

import { hostname, userInfo } from 'node:os';
import { Collector } from './collect/collector.ts';
import type { EnrolledIdentity } from './enrol/enrol.ts';
import type { Log } from './log.ts';
import type { Outbox } from './outbox/store.ts';
import type { Platform } from './platform/platform.ts';
import { Uplink } from './send/uplink.ts';
import { checkpointSchema, type Checkpoint } from './session/checkpoint.ts';
import type { RecordDraft, Sample } from './session/sample.ts';
import { Tracker } from './session/tracker.ts';

export interface AgentDeps {
  identity: EnrolledIdentity;
  stateFolder: string;
  version: string;
  outbox: Outbox;
  platform: Platform;
  log: Log;
}
/** The open state is saved this often, so that a crash loses no more than that. */
const CHECKPOINT_MS = 5000;

/** Runs the agent: collector → state machine → outbox → uplink. @returns the clean stop */
export async function startAgent(deps: AgentDeps): Promise<() => Promise<void>> {
  const { identity, outbox, platform, log } = deps;
  const tracker = new Tracker(
    {
      agent: identity.enrolled.agent,
      user: userInfo().username,
      computer: hostname(),
      desktop: () => platform.desktop,
    },
    readCheckpoint(outbox, log),
  );
  let savedAt = 0;
  const keep = (drafts: readonly RecordDraft[]): void => {
    savedAt = performance.now();
    outbox.commit(drafts, JSON.stringify(tracker.checkpoint()), collector.now());
  };
  let states = '';
  const sample = (one: Sample): void => {
    const drafts = tracker.apply(one);
    if (drafts.length > 0 || performance.now() - savedAt >= CHECKPOINT_MS) keep(drafts);
    const now = JSON.stringify(tracker.open()?.documents ?? []);
    if (now === states) return;
    states = now;
    uplink.changed();
  };
  const collector = new Collector({
    platform,
    sample,
    record: (draft) => keep([draft]),
    awaitsInput: () => tracker.awaitsInput,
    log,
  });
  const uplink = new Uplink({
    identity,
    stateFolder: deps.stateFolder,
    version: deps.version,
    outbox,
    open: () => tracker.open(),
    sessions: () => tracker.running,
    applyConfig: (config) => collector.configure(config),
    now: () => collector.now(),
    log,
  });
  await collector.start();
  uplink.start();
  return async () => {
    await collector.stop();
    keep(tracker.apply({ kind: 'stop' }));
    await uplink.stop();
    outbox.close();
  };
}

function readCheckpoint(outbox: Outbox, log: Log): Checkpoint | null {
  const kept = outbox.get('checkpoint');
  if (kept === null) return null;
  const parsed = checkpointSchema.safeParse(JSON.parse(kept));
  if (parsed.success) return parsed.data;
  log.error({ err: parsed.error }, 'the kept state cannot be read; what it left open is lost');
  return null;
}

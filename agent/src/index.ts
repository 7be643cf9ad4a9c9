export { startAgent, type AgentDeps } from './agent.ts';
export { ensureEnrolled } from './enrol/enrol.ts';
export { instanceOf } from './outbox/instance.ts';
export { openOutbox, type Outbox } from './outbox/store.ts';
export { Uplink } from './send/uplink.ts';
export type { RecordDraft } from './session/sample.ts';
export { Tracker } from './session/tracker.ts';

export { startAgent, type AgentDeps } from './agent.ts';
export { Tracker } from './session/tracker.ts';

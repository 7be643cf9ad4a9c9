export { startCloser, type CloserDeps } from './closer.ts';
export { closeSilentAgents, holdOffClosing, reopenAgents, type News, type Silence } from './store.ts';

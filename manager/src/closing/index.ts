export { startCloser, type CloserDeps } from './closer.ts';
export {
  closeSilentAgents,
  holdOffClosing,
  reopenAgents,
  silentAgents,
  type News,
  type Silence,
} from './store.ts';

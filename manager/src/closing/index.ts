export { startCloser, type CloserDeps } from './closer.ts';
export {
  closeSilentAgents,
  holdOffClosing,
  holdOffWriters,
  reopenAgents,
  silentAgents,
  type News,
  type Silence,
} from './store.ts';

export { completenessOf, missingSpans, type AgentPresence, type Watched } from './model.ts';
export { readCompleteness, readLosses, watchedStretches } from './store.ts';
export { getCompletenessRoute as completenessRoutes } from './routes/get-completeness.ts';

export { readCompleteness, readLosses } from './store.ts';
export { getCompletenessRoute as completenessRoutes } from './routes/get-completeness.ts';

export { readUse, type UseRange } from './store.ts';

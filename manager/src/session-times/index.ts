export { startTimesKeeper, type TimesKeeperDeps } from './keeper.ts';
export { BEGINNING, forgetTimes, keepTimes, type Place, type SessionKeys } from './store.ts';
export { sweptTimes } from './sweep-store.ts';

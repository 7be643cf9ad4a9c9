export { rollOnce, startRoller, type RollerDeps } from './roller.ts';
export {
  decodeMinutes,
  decodeMinuteTimes,
  encodeMinutes,
  encodeMinuteTimes,
  minuteCounts,
  minuteTimes,
  type AtMinute,
  type MinuteCounts,
} from './minutes.ts';
export { MINUTE_MS, MINUTES_PER_QUARTER, QUARTER_MS, quarterOf, quarterStart } from './quarter.ts';
export { sweepQuarters, type QuarterUse } from './sweep.ts';
export { mergeDocuments, UseBuffer, type StateSpan } from './use-buffer.ts';
export { runsOf } from './runs.ts';
export { fetchUse, type DirtyKey, type Run } from './store.ts';
export { LEFT_CAUSES } from './coverage-store.ts';

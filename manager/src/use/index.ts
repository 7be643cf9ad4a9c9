export { readUse, type UseRange } from './store.ts';
export { readUseOfAccount } from './of-account.ts';
export { readUseBySlot, type SlotUse, type UseBySlot } from './slots.ts';

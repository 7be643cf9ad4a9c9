export { readUse, type UseRange } from './store.ts';
export { readUseBySlot, type SlotUse, type UseBySlot } from './slots.ts';

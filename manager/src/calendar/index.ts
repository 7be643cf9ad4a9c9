export { slotsOf, stepFor, wholeQuarters, type Slot } from './model.ts';
export { midnightBefore, midnights } from './store.ts';
export { checkedRange } from './range.ts';

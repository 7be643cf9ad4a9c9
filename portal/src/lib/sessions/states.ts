import type { StateName } from '@process-meter/contract';

/** The states in the order in which they are stacked. */
export const STATES: readonly StateName[] = ['active', 'inactive', 'timeout'];

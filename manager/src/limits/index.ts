export { createLimits, LIMITS, type Limits, type SignInAttempt } from './limits.ts';

import { z } from 'zod';

/** All that leaves the hook process: whether there was key or pointer input in the last second. Nothing else fits. */
export const hookMessageSchema = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ kb: z.boolean(), ms: z.boolean() }),
]);
export type HookMessage = z.infer<typeof hookMessageSchema>;

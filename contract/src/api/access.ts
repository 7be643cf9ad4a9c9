import { z } from 'zod';
import { accountSlugSchema } from '../ids.ts';

export const signInRequestSchema = z.object({
  account: accountSlugSchema,
  login: z.string().trim().min(1).max(120),
  password: z.string().min(1).max(1024),
});
/** `GET /me` and the answer to a sign-in. `csrfToken` goes back in the header `x-csrf-token` of every unsafe request. */
export const meSchema = z.object({
  account: z.object({ slug: z.string(), name: z.string(), zone: z.string() }),
  login: z.object({ name: z.string(), role: z.enum(['administrator']) }),
  csrfToken: z.string(),
});
export type Me = z.infer<typeof meSchema>;

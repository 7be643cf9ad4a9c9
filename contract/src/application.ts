import { z } from 'zod';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A glob: `*` any run of characters, `?` one character; compared without case. Never a regular expression. */
export const globSchema = z.string().trim().min(1).max(260);

/** One way to recognise an application. Every field given must match; at least one is needed. */
export const matchRuleSchema = z
  .strictObject({
    /** Base name of the executable, such as `soffice.bin` or `acad.exe`. */
    executable: globSchema.optional(),
    /** Full path of the executable. */
    path: globSchema.optional(),
    /** X11 WM_CLASS (class part), Windows window class, macOS bundle id. */
    windowClass: globSchema.optional(),
    /** Publisher in the signature or the package metadata. */
    publisher: globSchema.optional(),
    /** Package that owns the executable (deb, rpm, flatpak, snap, MSIX). */
    package: globSchema.optional(),
  })
  .refine(
    (rule) => Object.values(rule).some((value) => value !== undefined),
    'a rule needs at least one condition',
  );
export type MatchRule = z.infer<typeof matchRuleSchema>;

/** How a title or a path is stored: as it is, only the last part, a keyed hash, or not at all (product.md 15). */
export const privacyRuleSchema = z.enum(['keep', 'baseName', 'hash', 'drop']);
export type PrivacyRule = z.infer<typeof privacyRuleSchema>;

/** What an administrator sets for a monitored application. Durations in ms. */
export const applicationSettingsSchema = z.object({
  name: z.string().trim().min(1).max(120),
  rules: z.array(matchRuleSchema).min(1).max(50),
  /** No input for this long: Inactive, dated back to the last input. 5 s to 60 min. */
  inactiveAfterMs: z
    .number()
    .int()
    .min(5 * SECOND)
    .max(HOUR)
    .default(MINUTE),
  /** Inactive for this long: Timeout. 1 min to 24 h. */
  timeoutAfterMs: z
    .number()
    .int()
    .min(MINUTE)
    .max(24 * HOUR)
    .default(15 * MINUTE),
  /** CPU above a share of one core while no input counts as Active with reason `busy`. */
  countBusyAsActive: z.boolean().default(false),
  /** Share of one core, 0.01 to 64. */
  busyCpuShare: z.number().min(0.01).max(64).default(0.4),
  titlePrivacy: privacyRuleSchema.default('keep'),
  pathPrivacy: privacyRuleSchema.default('baseName'),
});
export type ApplicationSettings = z.infer<typeof applicationSettingsSchema>;

/** An application as an agent gets it. */
export const agentApplicationSchema = applicationSettingsSchema.extend({
  id: z.number().int().positive(),
  slug: z.string(),
});
export type AgentApplication = z.infer<typeof agentApplicationSchema>;

/** Configuration of one agent: body of the signed envelope in the KV bucket. */
export const agentConfigSchema = z.object({
  /** Revision of the account's configuration; grows by one with each change. The agent reports the one it applied. */
  revision: z.number().int().nonnegative(),
  applications: z.array(agentApplicationSchema).max(10_000),
  /** Longest time between two sends, ms. */
  sendEveryMs: z.number().int().min(1000).max(600_000).default(60_000),
  /** Time between two presence messages, ms. */
  presenceEveryMs: z.number().int().min(1000).max(600_000).default(30_000),
  /** Key for the privacy rule `hash`, base64url: the same for all agents of an account, so that hashes compare. */
  hashKey: z.string().min(16),
});
export type AgentConfig = z.infer<typeof agentConfigSchema>;

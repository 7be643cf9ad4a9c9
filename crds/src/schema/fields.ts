import { z } from 'zod';
import { withRules } from './rules.ts';

/** One line of text without blanks at its ends. `max` in characters. */
export function text(max: number, description: string): z.ZodString {
  return z
    .string()
    .min(1)
    .max(max)
    .regex(/^\S(.*\S)?$/)
    .describe(description);
}

/** Name of an object in the same namespace. */
export function objectName(description: string): z.ZodString {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .describe(description);
}

/** A reference to an object in the same namespace. */
export function reference(description: string) {
  return z.object({ name: objectName('Its name, in the same namespace.') }).describe(description);
}

/** References to objects in the same namespace, each at most once. */
export function references(max: number, description: string) {
  return listByKeys(reference('One of them.'), ['name'], { max }).describe(description);
}

/** A Secret in the same namespace and the key in it. */
export function secretKey(key: string, description: string) {
  return z
    .object({
      name: objectName('Name of the Secret, in the same namespace.'),
      key: z
        .string()
        .min(1)
        .max(253)
        .regex(/^[-._a-zA-Z0-9]+$/)
        .default(key)
        .describe('Key inside the Secret.'),
    })
    .describe(description);
}

/** A list that is written as a whole. */
export function list<S extends z.ZodType>(
  items: S,
  { min = 0, max }: { min?: number; max: number },
  description: string,
) {
  return z.array(items).min(min).max(max).describe(description).meta({ 'x-kubernetes-list-type': 'atomic' });
}

/** A list whose items are told apart by fields of theirs. */
export function listByKeys<S extends z.ZodObject>(
  items: S,
  keys: readonly string[],
  { min = 0, max }: { min?: number; max: number },
) {
  return z
    .array(items)
    .min(min)
    .max(max)
    .refine((all) => new Set(all.map((item) => keyOf(item, keys))).size === all.length, 'Duplicate value')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
}

function keyOf(item: object, keys: readonly string[]): string {
  const fields: ReadonlyMap<string, unknown> = new Map(Object.entries(item));
  return JSON.stringify(keys.map((key) => fields.get(key)));
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Ms of a duration such as `90s`, `1h30m`; the form of Go, without its fractions. */
export function durationMs(duration: string): number {
  const parts = [...duration.matchAll(/([0-9]+)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
}

/**
 * A duration with bounds.
 * @param name how the message calls the field
 */
export function duration(name: string, { from, to }: { from: string; to: string }, description: string) {
  const form = z
    .string()
    .min(2)
    .max(24)
    .regex(/^([0-9]{1,5}(ms|s|m|h)){1,3}$/)
    .describe(description);
  return withRules(form, [
    {
      cel: `duration(self) >= duration('${from}') && duration(self) <= duration('${to}')`,
      message: `${name} must be between ${from} and ${to}`,
      holds: (value) => durationMs(value) >= durationMs(from) && durationMs(value) <= durationMs(to),
    },
  ]);
}

function isDay(value: string): boolean {
  const at = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(value);
}

/** A day of the calendar, `2026-12-31`. */
export function day(description: string): z.ZodString {
  return z
    .string()
    .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/)
    .refine(isDay, 'is no day of the calendar')
    .describe(description)
    .meta({ format: 'date' });
}

/** An instant in UTC, in status only. */
export function instant(description: string): z.ZodString {
  return z.string().max(40).describe(description).meta({ format: 'date-time' });
}

/** A count, in status only. */
export function count(description: string): z.ZodInt {
  return z.int().min(0).describe(description);
}

/** An amount of money: decimals as text, so that nothing is rounded. */
export function money(description: string) {
  return z
    .object({
      amount: z
        .string()
        .max(14)
        .regex(/^[0-9]{1,9}(\.[0-9]{1,4})?$/)
        .describe('Decimal number with up to four decimals, such as "12.50".'),
      currency: z
        .string()
        .max(3)
        .regex(/^[A-Z]{3}$/)
        .describe('Code of ISO 4217, such as EUR.'),
    })
    .describe(description);
}

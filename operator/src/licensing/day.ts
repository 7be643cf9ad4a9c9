const formats = new Map<string, Intl.DateTimeFormat>();

/** The day of an instant in a time zone, `2026-11-30`; of UTC when the zone is not known here. */
export function dayIn(zone: string, now: number): string {
  return formatOf(zone).format(now);
}

/** The day that is `days` before another. */
export function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: knownZone(zone), dateStyle: 'short' });
  formats.set(zone, format);
  return format;
}

function knownZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en-CA', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}

const LOCALE = 'en-GB';
const formats = new Map<string, Intl.DateTimeFormat>();

/** The parts of an instant in a zone, by their names. */
export function formatted(
  at: number,
  zone: string,
  options: Intl.DateTimeFormatOptions,
): Map<string, string> {
  const key = `${zone} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: zone, hourCycle: 'h23' });
    formats.set(key, format);
  }
  return new Map(format.formatToParts(at).map((part) => [part.type, part.value]));
}

/** 14:32 */
export function clock(at: number, zone: string): string {
  const parts = formatted(at, zone, { hour: '2-digit', minute: '2-digit' });
  return `${parts.get('hour') ?? ''}:${parts.get('minute') ?? ''}`;
}

/** 14:32:08 */
export function clockSeconds(at: number, zone: string): string {
  const parts = formatted(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  return `${parts.get('hour') ?? ''}:${parts.get('minute') ?? ''}:${parts.get('second') ?? ''}`;
}

const LOCALE = 'en-GB';
const grouped = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A count with groups: 1,441. */
export function count(value: number): string {
  return grouped.format(value);
}

/** An average with one decimal: 31.6. */
export function average(value: number): string {
  return oneDecimal.format(value);
}

/**
 * A share of 0 to 1 in whole per cent, one decimal above 99. Never rounds to a lie: "100%" means all,
 * "0%" means nothing, what lies between and near is said so.
 */
export function share(value: number): string {
  if (value <= 0) return '0%';
  if (value >= 1) return '100%';
  if (value < 0.01) return 'under 1%';
  if (value <= 0.99) return `${String(Math.round(value * 100))}%`;
  return `${(Math.floor(value * 1000) / 10).toFixed(1)}%`;
}

/** The share of a part in a whole; "0%" of nothing. */
export function shareOf(part: number, whole: number): string {
  return share(whole <= 0 ? 0 : part / whole);
}

const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** A size in decimal units: 1.4 kB. */
export function bytes(value: number): string {
  let rest = value;
  let unit = 0;
  while (rest >= 1000 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(rest) : oneDecimal.format(rest)}\u00a0${UNITS[unit] ?? 'B'}`;
}

/** A cell: text, a number, or nothing. */
export type Cell = string | number | null;

/** Text that a spreadsheet would run as a formula is kept as text by a leading apostrophe (CWE-1236). */
const FORMULA = /^[=+\-@\t\r]/;

/** One line of CSV (RFC 4180), with its line end. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An instant as ISO 8601 with the offset of a zone, such as `2026-11-17T09:19:00.000+01:00`. */
export function isoInZone(at: number | null, zone: string): Cell {
  if (at === null) return null;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const offset = part['timeZoneName']?.replace('GMT', '') ?? '';
  const day = `${part['year']}-${part['month']}-${part['day']}`;
  return `${day}T${part['hour']}:${part['minute']}:${part['second']}.${part['fractionalSecond']}${offset === '' ? '+00:00' : offset}`;
}

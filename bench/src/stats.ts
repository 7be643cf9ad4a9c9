/** Smallest, middle and largest of some figures. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { min: sorted[0] ?? NaN, median: quantile(sorted, 0.5), max: sorted.at(-1) ?? NaN };
}

/** The value below which the share `q` (0 to 1) of sorted figures lies, between two of them in proportion. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const round = (value: number, digits: number): string => value.toFixed(digits);

/** `min / median / max`. */
export function spreadText(values: readonly number[], format: (value: number) => string): string {
  const { min, median, max } = spread(values);
  return `${format(min)} / ${format(median)} / ${format(max)}`;
}

/** Rows as a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

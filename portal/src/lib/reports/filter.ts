/** One value of a filter. */
export interface FilterOption {
  readonly value: string;
  readonly name: string;
  /** How many have it; null when that is not known. */
  readonly count: number | null;
}

/** A longer list is searched. */
const FEW = 8;
/** A button names this many values. */
const NAMED = 2;

export const isLong = (options: readonly FilterOption[]): boolean => options.length > FEW;

/** What to choose from: first what is chosen, also where nothing of it is there, then the rest as it comes. */
export function optionsOf(offered: readonly FilterOption[], chosen: readonly string[]): FilterOption[] {
  const known = new Map(offered.map((option) => [option.value, option]));
  return [
    ...chosen.map((value) => known.get(value) ?? { value, name: value, count: 0 }),
    ...offered.filter(({ value }) => !chosen.includes(value)),
  ];
}

/**
 * How many remain with a choice: a thing has one value of each filter, so the counts add up.
 * @param all how many there are without this filter
 * @returns null when a value is chosen whose count is not known
 */
export function remaining(
  options: readonly FilterOption[],
  chosen: readonly string[],
  all: number,
): number | null {
  if (chosen.length === 0) return all;
  const counts = chosen.map((value) => options.find((option) => option.value === value)?.count);
  return counts.reduce<number | null>(
    (sum, n) => (sum === null || n === null || n === undefined ? null : sum + n),
    0,
  );
}

/** The names of what is chosen, the first of them in words. */
export function chosenNames(options: readonly FilterOption[], chosen: readonly string[]): string {
  const names = chosen.map((value) => options.find((option) => option.value === value)?.name ?? value);
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` +${String(more)}` : '');
}

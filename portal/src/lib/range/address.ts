/** The query of a page, with some keys changed: sorted, empty and absent values left out. */
export function withParams(
  params: URLSearchParams,
  changes: Readonly<Record<string, string | null>>,
): string {
  const next = new URLSearchParams(params);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(key);
    else next.set(key, value);
  }
  next.sort();
  const text = next.toString();
  return text === '' ? '?' : `?${text.replaceAll('%3A', ':')}`;
}

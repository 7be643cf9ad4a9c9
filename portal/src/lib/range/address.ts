/** The query of a page, with some keys changed: sorted, a key for each value, empty and absent values left out. */
export function withParams(
  params: URLSearchParams,
  changes: Readonly<Record<string, string | readonly string[] | null>>,
): string {
  const next = new URLSearchParams(params);
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    for (const each of [value ?? []].flat()) if (each !== '') next.append(key, each);
  }
  next.sort();
  const text = next.toString();
  return text === '' ? '?' : `?${text.replaceAll('%3A', ':')}`;
}

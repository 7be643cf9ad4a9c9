const MAX = 60;

/** An address from a name: `Office Writer 7.4` → `office-writer-7-4`; `application` when nothing of it can be kept. */
export function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, MAX)
    .replace(/-+$/, '');
  return plain === '' ? 'application' : plain;
}

/** The first of `base`, `base-2`, `base-3` … that is not taken. An address is never given twice: links stay true. */
export function freeSlug(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base;
  for (let n = 2; ; n += 1) if (!taken.has(`${base}-${n}`)) return `${base}-${n}`;
}

const RANGE = ['range', 'from', 'to', 'tz', 'text', 'first', 'last'] as const;

/** What the address of a page may say, by the page's route. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  '/(app)': ['wall'],
  '/(app)/use/concurrent': [...RANGE, 'app', 'step'],
  '/(app)/use/sessions': [...RANGE, 'app', 'user', 'computer', 'session', 'state', 'at', 'sort', 'page'],
  '/(app)/use/sessions/[ref]': ['tz', 'sel', 'changes'],
  '/(app)/administration/agents': ['status', 'find'],
  '/(app)/administration/applications/[slug]': ['saved'],
};

/** Keys of an address that its page does not know: they are kept in links, and the page names them. */
export function unknownKeys(routeId: string | null, params: URLSearchParams): string[] {
  const known = KNOWN[routeId ?? ''] ?? [];
  // A key that begins with a stroke names the action of a form.
  return [...new Set(params.keys())].filter((key) => !known.includes(key) && !key.startsWith('/'));
}

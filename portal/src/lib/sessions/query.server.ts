import { withParams } from '#lib/range/address.ts';
import { reportRange } from '#lib/server/report-range.ts';

const TEXTS = ['session', 'at', 'sort', 'page'] as const;
const CHOICES = ['app', 'user', 'computer', 'state'] as const;

const NO_FILTER = { app: null, user: null, computer: null, state: null, session: null, at: null, page: null };

/** What the address of Sessions asks of the Manager; what the Manager would refuse is left to it to refuse. */
export function sessionsQuery(url: URL, accountZone: string, now: number) {
  const { zone, bar, query } = reportRange({ url, accountZone, now, fallback: '7d', drop: ['page', 'at'] });
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const name of TEXTS) {
    const value = url.searchParams.get(name)?.trim();
    if (value !== undefined && value !== '') texts[name] = value;
  }
  const choices: Partial<Record<(typeof CHOICES)[number], string[]>> = {};
  for (const name of CHOICES) {
    const values = new Set(url.searchParams.getAll(name).map((value) => value.trim()));
    values.delete('');
    if (values.size > 0) choices[name] = [...values];
  }
  const filters = { ...texts, ...choices };
  const isSet = [...CHOICES, 'session' as const, 'at' as const].some((name) => filters[name] !== undefined);
  return {
    zone,
    bar,
    now,
    filters,
    clear: isSet ? withParams(url.searchParams, NO_FILTER) : null,
    query: { ...query, ...filters, size: 50 },
  };
}

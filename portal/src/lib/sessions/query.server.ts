import { reportRange } from '#lib/server/report-range.ts';

const TEXTS = ['app', 'user', 'computer', 'session', 'state', 'at', 'sort', 'page'] as const;

/** What the address of Sessions asks of the Manager; what the Manager would refuse is left to it to refuse. */
export function sessionsQuery(url: URL, accountZone: string, now: number) {
  const { zone, bar, query } = reportRange({ url, accountZone, now, fallback: '7d', drop: ['page', 'at'] });
  const filters: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const name of TEXTS) {
    const value = url.searchParams.get(name)?.trim();
    if (value !== undefined && value !== '') filters[name] = value;
  }
  return { zone, bar, now, filters, query: { ...query, ...filters, size: 50 } };
}

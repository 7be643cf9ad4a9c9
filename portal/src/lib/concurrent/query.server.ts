import { reportRange } from '#lib/server/report-range.ts';

const STEPS = ['minute', 'quarter', 'hour', 'day'] as const;

/** What the address of Concurrent Use asks of the Manager. */
export function concurrentQuery(url: URL, accountZone: string, now: number) {
  const { range, zone, bar, query } = reportRange({
    url,
    accountZone,
    now,
    fallback: 'today',
    drop: ['step'],
  });
  const step = STEPS.find((each) => each === url.searchParams.get('step'));
  const app = url.searchParams.get('app') ?? undefined;
  return { range, zone, bar, query: { ...query, app, step } };
}

import type { RequestHandler } from './$types';

export const GET: RequestHandler = ({ locals, params, url }) =>
  locals.manager.csv(
    `reports/sessions/${encodeURIComponent(params.ref)}.csv`,
    { tz: url.searchParams.get('tz') ?? locals.me?.account.zone },
    `session-${params.ref.replaceAll(/[^a-z0-9.]/g, '')}.csv`,
  );

import type { RequestHandler } from './$types';

/** The Manager's event stream, passed through on the portal's own origin. It ends when the reader leaves. */
export const GET: RequestHandler = async ({ locals, request }) => {
  const answer = await locals.manager.raw('live', {
    headers: { accept: 'text/event-stream' },
    signal: request.signal,
  });
  if (!answer.ok || answer.body === null) return new Response(null, { status: answer.status });
  return new Response(answer.body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
};

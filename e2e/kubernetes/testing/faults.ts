import type { IncomingMessage, ServerResponse } from 'node:http';

/** What goes wrong with one request on its way. */
export type Fault =
  /** Answered before it reaches the API server. */
  | { readonly kind: 'refuse'; readonly status: 429 | 500 | 503; readonly retryAfterS?: number }
  /** It never reaches the API server, and no answer comes. */
  | { readonly kind: 'hang' }
  /** In the middle of the answer's first piece the connection is reset. What was asked for is done. */
  | { readonly kind: 'reset' }
  /** The answer ends in order in the middle of its first piece. What was asked for is done. */
  | { readonly kind: 'cut' }
  /** It reaches the API server late. */
  | { readonly kind: 'delay'; readonly ms: number };

/** Answers as the API server does, with a Status. */
export function refuse(
  response: ServerResponse,
  { status, retryAfterS }: Extract<Fault, { kind: 'refuse' }>,
): void {
  const reason = { 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable' }[status];
  const asked = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
  response.writeHead(status, { 'content-type': 'application/json', ...asked });
  response.end(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Status',
      status: 'Failure',
      reason,
      code: status,
      message: 'refused on the way',
    }),
  );
}

/** Where an answer goes. */
export interface Way {
  /** Nothing comes through any more, and nobody is told. */
  isSilent(): boolean;
  /** Ends the connection without its usual farewell. */
  reset(): void;
  /** Told of each piece before it is sent on. */
  heard(piece: Buffer): void;
}

/** Sends an answer on, piece by piece, as far as it comes. */
export function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  { fault, way }: { fault: Fault | undefined; way: Way },
): void {
  response.writeHead(answer.statusCode ?? 502, headersOf(answer));
  response.flushHeaders();
  answer.on('data', (piece: Buffer) => {
    if (way.isSilent()) return;
    way.heard(piece);
    if (fault?.kind !== 'cut' && fault?.kind !== 'reset') {
      response.write(piece);
      return;
    }
    answer.removeAllListeners('data').removeAllListeners('end').destroy();
    const half = piece.subarray(0, Math.floor(piece.length / 2));
    if (fault.kind === 'cut') response.end(half);
    else response.write(half, () => way.reset());
  });
  answer.once('end', () => {
    if (!way.isSilent()) response.end();
  });
  answer.on('error', () => {
    if (!way.isSilent() && !response.writableEnded) way.reset();
  });
}

/** Without what describes the length and the connection: an answer may end early, in order. */
function headersOf({ headers }: IncomingMessage): Record<string, string | string[]> {
  const own = ['content-length', 'transfer-encoding', 'connection', 'keep-alive'];
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !own.includes(name)) kept[name] = value;
  return kept;
}

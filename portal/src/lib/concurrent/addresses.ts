import { wallIso } from '#lib/format/zone.ts';
import { withParams } from '#lib/range/address.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The page's address with another span. */
export function spanHref(params: URLSearchParams, span: Span, zone: string): string {
  return withParams(params, {
    range: null,
    text: null,
    step: null,
    from: wallIso(span.from, zone),
    to: wallIso(span.to, zone),
  });
}

export interface Asked extends Span {
  readonly zone: string;
  /** Slug of the application; null when all are asked for. */
  readonly app: string | null;
}

/** Address of the sessions open at an instant, longest unused first. */
export function sessionsHref({ app, from, to, zone }: Asked, instant: number): string {
  const query = withParams(new URLSearchParams(), {
    app,
    at: new Date(instant).toISOString(),
    sort: '-timeout',
    from: wallIso(from, zone),
    to: wallIso(to, zone),
  });
  return `/use/sessions${query}`;
}

const MINUTE = 60_000;
const SHORTEST = 5 * MINUTE;

/** A span somebody drew, on whole minutes and long enough to show something. */
export function drawnSpan(from: number, to: number): Span {
  const start = Math.floor(from / MINUTE) * MINUTE;
  return { from: start, to: Math.max(start + SHORTEST, Math.ceil(to / MINUTE) * MINUTE) };
}

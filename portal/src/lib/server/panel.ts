import { error, redirect } from '@sveltejs/kit';
import type { Failure, Result } from '#lib/result.ts';
import { ManagerProblem } from './manager-client.ts';

/** The failure a page can show, from anything that was thrown. */
export function failureOf(cause: unknown): Failure {
  if (cause instanceof ManagerProblem) {
    const { code, title, detail } = cause.problem;
    return { code, title, detail: detail ?? '' };
  }
  throw cause;
}

/**
 * Waits for an answer of the Manager. Not signed in leads to the sign-in page, an unknown thing to the page "not found",
 * all else to a panel that says what failed.
 */
export async function panel<Data>(answer: Promise<Data>, url: URL): Promise<Result<Data>> {
  try {
    return { ok: true, data: await answer };
  } catch (cause) {
    if (cause instanceof ManagerProblem && cause.problem.status === 401) redirect(303, signInPath(url));
    if (cause instanceof ManagerProblem && cause.problem.status === 404) {
      error(404, { message: cause.problem.title, code: cause.problem.code });
    }
    return { ok: false, failure: failureOf(cause) };
  }
}

/** Path of the sign-in page that leads back to where one wanted to go. */
export function signInPath(url: URL): string {
  const next = url.pathname + url.search;
  return next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`;
}

/** Only paths of this portal are followed after signing in; anything else leads to the Overview. */
export function safeNext(next: string | null): string {
  if (next === null || !/^\/(?![/\\])/.test(next)) return '/';
  return next;
}

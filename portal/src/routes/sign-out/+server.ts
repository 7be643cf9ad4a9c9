import { redirect } from '@sveltejs/kit';
import { ManagerProblem } from '#lib/server/manager-client.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async ({ locals, cookies }) => {
  try {
    await locals.manager.signOut();
  } catch (cause) {
    // A session the Manager no longer knows is signed out already.
    if (!(cause instanceof ManagerProblem) || cause.problem.status !== 401) throw cause;
  }
  cookies.delete('pm_session', { path: '/' });
  redirect(303, '/sign-in');
};

export const GET: RequestHandler = () => redirect(303, '/');

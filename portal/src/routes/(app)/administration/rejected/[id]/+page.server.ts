import { replayOutcome } from '#lib/rejected/replay.server.ts';
import { panel } from '#lib/server/panel.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params, url }) => ({
  letter: await panel(locals.manager.deadLetter(params.id), url),
  zone: locals.me?.account.zone ?? 'UTC',
  now: Date.now(),
});

export const actions: Actions = {
  replay: ({ locals, params }) => replayOutcome(locals.manager.replayDeadLetter(params.id)),
};

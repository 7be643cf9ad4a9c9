import { replayOutcome } from '#lib/rejected/replay.server.ts';
import { panel } from '#lib/server/panel.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => ({
  list: await panel(locals.manager.deadLetters(), url),
  zone: locals.me?.account.zone ?? 'UTC',
  now: Date.now(),
});

const textOf = (value: FormDataEntryValue | null): string => (typeof value === 'string' ? value : '');

export const actions: Actions = {
  replay: async ({ locals, request }) => {
    const form = await request.formData();
    const agent = textOf(form.get('agent'));
    const kind = { code: textOf(form.get('code')), agent: agent === '' ? null : agent };
    return replayOutcome(locals.manager.replayDeadLetters(kind));
  },
};

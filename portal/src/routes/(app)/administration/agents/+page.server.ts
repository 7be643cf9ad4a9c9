import { fail } from '@sveltejs/kit';
import { enrolmentTokenRequestSchema } from '@process-meter/contract';
import { enrolmentCommand } from '#lib/agents/enrolment-command.ts';
import { isKind, KINDS } from '#lib/agents/kinds.ts';
import { byPressing } from '#lib/answers/agents-answer.ts';
import { ManagerProblem } from '#lib/server/manager-client.ts';
import { panel } from '#lib/server/panel.ts';
import { publicManagerUrl } from '#lib/server/public-url.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
  const answer = await panel(locals.manager.agents(), url);
  const status = KINDS.find((kind) => kind === url.searchParams.get('status')) ?? 'all';
  const find = (url.searchParams.get('find') ?? '').trim();
  const asked = { status, find, zone: locals.me?.account.zone ?? 'UTC', now: Date.now() };
  if (!answer.ok) return { ...asked, list: answer, shown: [], kinds: [] };
  const { agents } = answer.data;
  const wanted = find.toLowerCase();
  return {
    ...asked,
    list: answer,
    kinds: KINDS.map((kind) => ({ kind, count: agents.filter((agent) => isKind(agent, kind)).length })),
    shown: agents
      .filter((agent) => isKind(agent, status))
      .filter((agent) => `${agent.computer} ${agent.user}`.toLowerCase().includes(wanted))
      .sort(byPressing),
  };
};

export const actions: Actions = {
  default: async ({ request, locals }) => {
    const form = await request.formData();
    const parsed = enrolmentTokenRequestSchema.safeParse({
      label: form.get('label') ?? '',
      validHours: Number(form.get('validHours')),
    });
    if (!parsed.success) return fail(400, { refused: true });
    try {
      const made = await locals.manager.addEnrolmentToken(parsed.data);
      return { made: { ...made, command: enrolmentCommand(publicManagerUrl(), made.token) } };
    } catch (cause) {
      if (!(cause instanceof ManagerProblem)) throw cause;
      const { code, title, detail } = cause.problem;
      return fail(cause.problem.status, { failure: { code, title, detail: detail ?? '' } });
    }
  },
};

import { fail } from '@sveltejs/kit';
import { AGENT_KINDS, agentKindSchema, enrolmentTokenRequestSchema } from '@process-meter/contract';
import { enrolmentCommand } from '#lib/agents/enrolment-command.ts';
import { ManagerProblem } from '#lib/server/manager-client.ts';
import { panel } from '#lib/server/panel.ts';
import { publicManagerUrl } from '#lib/server/public-url.ts';
import type { Actions, PageServerLoad } from './$types';

const PAGE = 100;

export const load: PageServerLoad = async ({ locals, url }) => {
  const kind = agentKindSchema.safeParse(url.searchParams.get('status'));
  const status = kind.success ? kind.data : 'all';
  const find = (url.searchParams.get('find') ?? '').trim().slice(0, 120);
  const cursor = url.searchParams.get('cursor') ?? undefined;
  const list = await panel(locals.manager.agents({ kind: status, find, cursor, limit: PAGE }), url);
  const counts = list.ok ? list.data.kinds : {};
  return {
    status,
    find,
    zone: locals.me?.account.zone ?? 'UTC',
    now: Date.now(),
    list,
    kinds: list.ok ? AGENT_KINDS.map((each) => ({ kind: each, count: counts[each] ?? 0 })) : [],
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

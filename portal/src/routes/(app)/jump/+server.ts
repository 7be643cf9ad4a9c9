import { json } from '@sveltejs/kit';
import type { JumpTargets } from '#lib/shell/jump.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async ({ locals }) => {
  const [applications, agents] = await Promise.all([
    locals.manager.applications(),
    locals.manager.agents({ limit: 500 }),
  ]);
  const targets: JumpTargets = {
    applications: applications.applications.map(({ slug, name, openNow }) => ({ slug, name, openNow })),
    agents: agents.agents.map(({ id, computer, user }) => ({ id, computer, user })),
  };
  return json(targets);
};

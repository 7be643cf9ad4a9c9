import type { RecordedStack } from './recorded-stack.ts';

/** Every screen of the portal by a name, with its address over the recorded data. */
export async function screensOf({ api }: RecordedStack): Promise<Record<string, string>> {
  const { json } = await api.call('GET', 'reports/sessions?sort=-open&size=1');
  const session: string = json.sessions[0].session;
  const { agents } = (await api.call('GET', 'agents?status=blind')).json;
  return {
    overview: '/',
    wall: '/?wall',
    'concurrent-day': '/use/concurrent?app=civildraft-2026',
    'concurrent-hour': '/use/concurrent?app=civildraft-2026&from=2026-11-17T10:00&to=2026-11-17T11:00',
    'concurrent-90-days': '/use/concurrent?app=civildraft-2026&range=90d',
    sessions: '/use/sessions',
    session: `/use/sessions/${session}`,
    applications: '/administration/applications',
    application: '/administration/applications/civildraft-2026',
    'application-new': '/administration/applications/new',
    agents: '/administration/agents',
    agent: `/administration/agents/${agents[0].id}`,
    rejected: '/administration/rejected',
    health: '/administration/health',
  };
}

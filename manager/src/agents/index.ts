import type { App } from '../plugins/index.ts';
import type { AgentsDeps } from './deps.ts';
import { addEnrolmentTokenRoute } from './routes/add-enrolment-token.ts';
import { enrolAgentRoute } from './routes/enrol-agent.ts';
import { getAgentRoute } from './routes/get-agent.ts';
import { listAgentsRoute } from './routes/list-agents.ts';
import { listEnrolmentTokensRoute } from './routes/list-enrolment-tokens.ts';
import { renewAgentRoute } from './routes/renew-agent.ts';
import { revokeAgentRoute } from './routes/revoke-agent.ts';

export type { AgentsDeps } from './deps.ts';
export { agentStatus, countStatuses, statusSql, type AgentStatus } from './model.ts';
export { PresenceKeeper } from './presence.ts';
export { createRevocations, type Revocations } from './revocations.ts';

export function agentRoutes(app: App, deps: AgentsDeps): void {
  enrolAgentRoute(app, deps);
  renewAgentRoute(app, deps);
  listAgentsRoute(app, deps);
  getAgentRoute(app, deps);
  revokeAgentRoute(app, deps);
  addEnrolmentTokenRoute(app, deps);
  listEnrolmentTokensRoute(app, deps);
}

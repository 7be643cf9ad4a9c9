export { agentCredentials, AGENT_JWT_MS, type AgentCredentials, type AgentJwt } from './agent-credentials.ts';
export { natsAuthenticator } from './authenticator.ts';
export { trustCommand } from './command.ts';
export { accountClaims, type AccountClaims } from './revocation.ts';
export { initSecrets, readSecrets, type Credentials, type Secrets } from './secrets.ts';

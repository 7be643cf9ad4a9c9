import {
  agentRights,
  deriveAgentKey,
  downSigner,
  mintUserJwt,
  type DownSigner,
  type TrustedKey,
} from '@process-meter/contract';
import type { Secrets } from './secrets.ts';

/** How long a user JWT of an agent lives; it renews well before (ADR 4). */
export const AGENT_JWT_MS = 24 * 3_600_000;

export interface AgentJwt {
  jwt: string;
  jwtExpiresAt: number;
}

/** Makes what an agent gets at enrolment and renewal. Pure but for the keys it holds. */
export interface AgentCredentials {
  userJwt(agent: { account: string; agent: string; publicKey: string }, now: number): AgentJwt;
  macKey(agent: string): { macKid: string; macKey: string };
  /** Verifying key of an agent's messages, by the key id a message names; undefined for an unknown id. */
  verifyingKey(kid: string, agent: string): Buffer | undefined;
  /** Keys the agent acts on: the Manager's for everything but committed marks, ingest's for those. */
  trusted: readonly TrustedKey[];
  signer: DownSigner;
}

export function agentCredentials(secrets: Secrets): AgentCredentials {
  const manager = downSigner(secrets.downManager.kid, secrets.downManager.secret);
  const ingest = downSigner(secrets.downIngest.kid, secrets.downIngest.secret);
  const { kid, key } = secrets.masterMac;
  return {
    userJwt({ account, agent, publicKey }, now) {
      // NATS counts in whole seconds: the agent is told the second in which the server ends it.
      const jwtExpiresAt = Math.floor((now + AGENT_JWT_MS) / 1000) * 1000;
      const user = { publicKey, name: agent, rights: agentRights(account, agent), expiresAt: jwtExpiresAt };
      return { jwt: mintUserJwt(secrets.account, user, now), jwtExpiresAt };
    },
    macKey: (agent) => ({ macKid: kid, macKey: deriveAgentKey(key, kid, agent).toString('base64url') }),
    verifyingKey: (asked, agent) => (asked === kid ? deriveAgentKey(key, kid, agent) : undefined),
    trusted: [
      { kid: manager.kid, key: manager.publicKey, types: ['config', 'watch', 'credentials'] },
      { kid: ingest.kid, key: ingest.publicKey, types: ['mark'] },
    ],
    signer: manager,
  };
}

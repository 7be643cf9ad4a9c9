import type { Agent } from '@process-meter/contract';
import { isBlind, isOld } from '#lib/answers/agents-answer.ts';

/** The kinds by which agents are counted and filtered; "all" leaves out the revoked ones. */
export const KINDS = [
  'all',
  'connected',
  'silent',
  'away',
  'blind',
  'old',
  'lost',
  'neverSeen',
  'revoked',
] as const;
export type Kind = (typeof KINDS)[number];

/** True when an agent is of a kind. */
export function isKind(agent: Agent, kind: Kind): boolean {
  switch (kind) {
    case 'all':
      return agent.status !== 'revoked';
    case 'blind':
      return isBlind(agent);
    case 'old':
      return isOld(agent);
    case 'lost':
      return agent.gaps.length > 0;
    case 'connected':
    case 'silent':
    case 'away':
    case 'neverSeen':
    case 'revoked':
      return agent.status === kind;
  }
}

import type { Agent, AgentList, ApplicationList } from '@process-meter/contract';
import { moment } from '#lib/format/instants.ts';
import * as administration from '#lib/i18n/administration.ts';
import type { Sentence } from './overview-answer.ts';

/** True when an agent says that something cannot be measured on its desktop. */
export function isBlind(agent: Agent): boolean {
  const { capability } = agent;
  if (capability === null || agent.status === 'revoked') return false;
  return capability.input === 'none' || capability.window === 'none' || capability.documents === 'none';
}

/** True when an agent that can be reached does not have the configuration that is wanted. */
export function isOld(agent: Agent): boolean {
  return agent.status !== 'revoked' && (agent.appliedRevision ?? 0) < agent.wantedRevision;
}

/** Which agents are connected, silent or blind. */
export function agentsAnswer(list: AgentList): Sentence[] {
  const { answer } = administration.agents;
  const { connected, away, silent, neverSeen } = list.counts;
  const all = connected + away + silent + neverSeen;
  if (all === 0) return [{ text: answer.none, alarm: false }];
  const sentences: Sentence[] = [
    { text: connected === all ? answer.all(all) : answer.connected(connected, all), alarm: false },
  ];
  if (silent > 0) sentences.push({ text: answer.silent(silent), alarm: true });
  const blind = list.kinds.blind ?? 0;
  if (blind > 0) sentences.push({ text: answer.blind(blind), alarm: false });
  return sentences;
}

/** How many applications are metered and which agents have the rules. */
export function applicationsAnswer(list: ApplicationList): string[] {
  const { answer } = administration.applications;
  if (list.applications.length === 0) return [answer.none];
  const { wanted, applied } = list.rollout;
  const all = applied.reduce((sum, row) => sum + row.agents, 0);
  const have = applied.reduce((sum, row) => sum + ((row.revision ?? -1) >= wanted ? row.agents : 0), 0);
  const rollout = have === all ? answer.allHave(all, wanted) : answer.someHave(have, all, wanted);
  return [answer.metered(list.applications.length), rollout];
}

/** Whether one agent is heard, and what follows from it. */
export function agentAnswer(agent: Agent, zone: string, now: number): Sentence[] {
  const { answer } = administration.agent;
  const when = agent.lastSeen === null ? '' : moment(agent.lastSeen, zone, now);
  const text = {
    connected: answer.connected(agent.user),
    away: answer.away(when),
    silent: answer.silent(when),
    revoked: answer.revoked,
    neverSeen: answer.neverSeen,
  }[agent.status];
  const first = { text, alarm: agent.status === 'silent' };
  return isBlind(agent) ? [first, { text: answer.blind, alarm: false }] : [first];
}

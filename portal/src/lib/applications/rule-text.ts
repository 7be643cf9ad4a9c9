import type { Application } from '@process-meter/contract';

/** A rule in one line: its conditions, joined. */
export function ruleText(rule: Application['rules'][number]): string {
  return Object.values(rule)
    .filter((value) => value !== undefined)
    .join(' · ');
}

import type { Agent } from '@process-meter/contract';
import * as administration from '#lib/i18n/administration.ts';
import type { IconName } from '#lib/ui/icons.ts';

export interface CapabilityLine {
  readonly key: 'input' | 'window' | 'documents';
  readonly icon: IconName;
  readonly name: string;
  readonly level: 'measured' | 'partly' | 'not';
  readonly text: string;
}

/** What an agent can measure on its desktop, line by line; empty before it has told. */
export function capabilityLines(capability: Agent['capability']): CapabilityLine[] {
  if (capability === null) return [];
  const texts = administration.agents.capability;
  const { input, window, documents } = capability;
  return [
    {
      key: 'input',
      icon: 'keyboard',
      name: texts.input.name,
      level: input === 'none' ? 'not' : 'measured',
      text: texts.input[input],
    },
    {
      key: 'window',
      icon: 'windows',
      name: texts.window.name,
      level: window === 'none' ? 'not' : 'measured',
      text: texts.window[window],
    },
    {
      key: 'documents',
      icon: 'file',
      name: texts.documents.name,
      level: documents === 'none' ? 'not' : documents === 'title' ? 'partly' : 'measured',
      text: texts.documents[documents],
    },
  ];
}

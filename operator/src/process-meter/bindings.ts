import type { Bindings } from '../render/installation.ts';
import type { Pass } from './pass.ts';

/** The bindings, once their steps are done. @throws when a step comes before them */
export function bindingsOf({ bindings }: Pick<Pass, 'bindings'>): Bindings {
  const { database, messaging } = bindings;
  if (database === undefined || messaging === undefined)
    throw new Error('a binding is asked for before its step');
  return { database, messaging };
}

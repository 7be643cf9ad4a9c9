import { ANNOTATIONS } from '@process-meter/crds';
import type { KubeObject } from '../runtime/index.ts';

/** Which state of which resource something is about. */
export interface Mark {
  uid: string;
  generation: number;
  /** Value of the annotation that asks for another look. */
  askedFor: string | undefined;
}

export function markOf({ metadata }: KubeObject): Mark {
  return {
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 1,
    askedFor: metadata.annotations?.[ANNOTATIONS.reconcileAt],
  };
}

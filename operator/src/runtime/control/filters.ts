import { isDeepStrictEqual } from 'node:util';
import type { Change } from './controller-types.ts';

/**
 * Changes of intent: the spec, annotations, labels, finalizers, or that it is being deleted. Not the status, which
 * the controller writes itself and would otherwise answer for ever.
 */
export function intentChanged({ before, now }: Change): boolean {
  if (before === undefined || now === undefined) return true;
  const [old, current] = [before.metadata, now.metadata];
  // Kinds without a generation (ConfigMap, Secret) have no status either: any change is intent.
  if (old.generation === undefined || current.generation === undefined) return true;
  return (
    old.uid !== current.uid ||
    old.generation !== current.generation ||
    old.deletionTimestamp !== current.deletionTimestamp ||
    !isDeepStrictEqual(old.annotations, current.annotations) ||
    !isDeepStrictEqual(old.labels, current.labels) ||
    !isDeepStrictEqual(old.finalizers, current.finalizers)
  );
}

/** Any change at all. */
export function anyChange(): boolean {
  return true;
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CustomResourceDefinition } from './schema/crd.ts';

const FOLDER = join(import.meta.dirname, '..', 'released');

/** The definitions of every release, by its folder, such as `v1alpha1-0.1.0`. */
export function releasedDefinitions(): ReadonlyMap<string, readonly CustomResourceDefinition[]> {
  const releases = readdirSync(FOLDER).toSorted();
  return new Map(releases.map((release) => [release, definitionsIn(join(FOLDER, release))]));
}

/** Files that `release.ts` wrote from checked definitions. */
function definitionsIn(folder: string): CustomResourceDefinition[] {
  return readdirSync(folder)
    .toSorted()
    .map((file): CustomResourceDefinition => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

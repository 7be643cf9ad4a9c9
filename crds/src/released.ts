import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Written } from './examples/index.ts';
import type { CustomResourceDefinition } from './schema/crd.ts';

const FOLDER = join(import.meta.dirname, '..', 'released');
const OBJECTS = 'objects.json';

export interface Release {
  /** Folder of the release, such as `v1alpha1-0.1.0`. */
  readonly name: string;
  readonly definitions: readonly CustomResourceDefinition[];
  /** Objects as people wrote them for that release. */
  readonly objects: readonly Written[];
}

/** What every release served; files that `release.ts` wrote. */
export function releases(): Release[] {
  return readdirSync(FOLDER)
    .toSorted()
    .map((name) => {
      const files = readdirSync(join(FOLDER, name)).toSorted();
      const definitions = files
        .filter((file) => file !== OBJECTS)
        .map((file): CustomResourceDefinition => read(join(FOLDER, name, file)));
      return { name, definitions, objects: read(join(FOLDER, name, OBJECTS)) };
    });
}

function read(file: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

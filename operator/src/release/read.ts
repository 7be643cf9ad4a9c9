import { readFileSync } from 'node:fs';
import { RELEASES, catalogueSchema, type Release } from './catalogue.ts';

/** The releases that can be run: those of a file, or those that the operator carries. @throws when the file is damaged */
export function readReleases(file: string | undefined): readonly Release[] {
  return file === undefined ? RELEASES : catalogueSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

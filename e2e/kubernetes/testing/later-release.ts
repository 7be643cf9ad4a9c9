import { RELEASES, type Release } from '@process-meter/operator/releases';

/** A release after the first one, with images of its own. */
export function laterRelease(version: string, changes: Partial<Release>): Release {
  const first = RELEASES[0]!;
  const images = { ...first.images };
  for (const part of ['Manager', 'Ingest', 'Portal'] as const)
    images[part] = images[part].replace(first.version, version);
  return { ...first, ...changes, version, images };
}

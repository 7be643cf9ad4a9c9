import type { ProcessMeterSpec } from '@process-meter/crds';
import type { Release } from '../release/catalogue.ts';

type Images = ProcessMeterSpec['images'];
type ImageComponent = keyof Release['images'];

/** The image of a part: that of the release, from a mirror where one is named, with what is overridden. */
export function imageOf(images: Images, release: Release, component: ImageComponent): string {
  const { repository, tag } = split(release.images[component]);
  const own = images.overrides?.find((override) => override.component === component);
  const from = own?.repository ?? mirrored(repository, images.registry);
  if (own?.digest !== undefined) return `${from}@${own.digest}`;
  return `${from}:${own?.tag ?? tag}`;
}

function split(image: string): { repository: string; tag: string } {
  const colon = image.lastIndexOf(':');
  return { repository: image.slice(0, colon), tag: image.slice(colon + 1) };
}

function mirrored(repository: string, registry: string | undefined): string {
  if (registry === undefined) return repository;
  return `${registry.replace(/\/+$/, '')}/${repository.slice(repository.lastIndexOf('/') + 1)}`;
}

import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import { architecture } from './oci.ts';
import type { Contents } from './parts.ts';

/** Name, version and digest of an image. */
export interface Named {
  name: string;
  version: string;
  digest: string;
}

/**
 * What is in an image, as a CycloneDX 1.6 document in JSON. It has neither a serial number nor a time, so that the same
 * image has the same bill.
 */
export function billOfMaterials(image: Named, contents: readonly Contents[]): string {
  const bom = new Models.Bom();
  const purl = `pkg:oci/${image.name.split('/').at(-1)}@${encodeURIComponent(image.digest)}?arch=${architecture()}`;
  bom.metadata.component = new Models.Component(Enums.ComponentType.Container, image.name, {
    version: image.version,
    purl,
    bomRef: purl,
  });
  for (const component of contents.flatMap(componentsOf)) bom.components.add(component);
  const normalizer = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(normalizer).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function componentsOf({ npm, debian, other }: Contents): Models.Component[] {
  return [
    ...npm.map(({ name, version, licence }) =>
      component(name, version, { licence, purl: npmPurl(name, version) }),
    ),
    ...debian.map(({ name, version }) =>
      component(name, version, {
        licence: undefined,
        purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}`,
      }),
    ),
    ...other.map(({ name, version, licence, purl }) => component(name, version, { licence, purl })),
  ];
}

function component(
  name: string,
  version: string,
  { licence, purl }: { licence: string | undefined; purl: string },
): Models.Component {
  const made = new Models.Component(Enums.ComponentType.Library, name, { version, purl, bomRef: purl });
  // Debian says what a package is under in a text of its own, which stands beside.
  if (licence !== undefined) made.licenses.add(new Models.LicenseExpression(licence));
  return made;
}

function npmPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

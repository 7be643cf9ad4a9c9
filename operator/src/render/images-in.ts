/** Images of all containers in some objects, each once, sorted. */
export function imagesIn(objects: readonly unknown[]): string[] {
  const found = new Set<string>();
  for (const object of objects) collect(object, found);
  return [...found].toSorted((one, other) => one.localeCompare(other, 'en'));
}

function collect(value: unknown, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [field, inside] of Object.entries(value)) {
    if (field === 'containers' || field === 'initContainers') noteContainers(inside, found);
    else collect(inside, found);
  }
}

function noteContainers(containers: unknown, found: Set<string>): void {
  if (!Array.isArray(containers)) return;
  for (const container of containers) if (typeof container?.image === 'string') found.add(container.image);
}

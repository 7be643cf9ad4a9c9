import type { ListOptions } from './client.ts';
import type { ObjectKey, Resource } from './object.ts';

/** Path of a collection; of one namespace if given and if the resource has namespaces. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const inside = resource.namespaced && namespace !== undefined && namespace !== '';
  return `${root}${inside ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${resource.plural}`;
}

/** Path of one object. Throws when the namespace is missing, instead of asking for something else. */
export function objectPath(resource: Resource, key: ObjectKey, subresource?: string): string {
  if (key.name === '') throw new Error(`a ${resource.kind} without a name`);
  if (resource.namespaced && key.namespace === '') {
    throw new Error(`${resource.kind} ${key.name} needs a namespace`);
  }
  const path = `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** Query of selectors and whatever else; empty values are left out. */
export function query(
  options: ListOptions,
  more: Record<string, string | number | boolean | undefined> = {},
): string {
  const parameters = new URLSearchParams();
  const all = { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector, ...more };
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

import { canonicalJson, type Desired, type KubeObject, type Resource } from '../runtime/index.ts';
import { apiVersionOf } from '../runtime/index.ts';

/** Without undefined and with sorted keys: the same state always gives the same bytes. */
function tidy(object: KubeObject): KubeObject {
  const plain: KubeObject = JSON.parse(canonicalJson(object));
  return plain;
}

/** One object that should be there. `body`: everything but kind and API version. */
export function desired(
  resource: Resource,
  body: { metadata: KubeObject['metadata']; [field: string]: unknown },
): Desired {
  return { resource, object: tidy({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...body }) };
}

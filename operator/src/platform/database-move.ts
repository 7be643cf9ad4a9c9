import { contentHash, keyOf, type KubeClient, type KubeObject, type Lister } from '../runtime/index.ts';
import { podsLeft } from './pods-left.ts';
import type { SecretReader } from './secret-reader.ts';
import { stoppingRestore } from './stopping.ts';

/** On a Deployment: hash of the database that its pods work with. */
export const DATABASE_ANNOTATION = 'processmeter.io/database';

/**
 * Server and database of a URI, hashed, without what opens them: with a new password it is the same database, and pods are
 * replaced one by one as always.
 */
export function databaseIn(uri: string): string {
  const [, authority = '', path = '', query = ''] =
    /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)\/?([^?#]*)\??([^#]*)/i.exec(uri) ?? [];
  const given = new URLSearchParams(query);
  const named = ['host', 'port', 'dbname'].map((name) => given.get(name));
  return contentHash({ servers: authority.slice(authority.lastIndexOf('@') + 1), path, named });
}

export interface DatabaseMoveDeps {
  client: KubeClient;
  secrets: SecretReader;
  deployments: Lister;
  restores: Lister;
}

/** How the pods of a part stand to its database. */
export interface DatabaseMove {
  /** The database that they work with, or are to work with. */
  annotation: string;
  /** Why there may be none of them now. */
  why: string | undefined;
}

/**
 * No two pods of a part ever work with two databases: what one has written and confirmed, the other would never get. So where
 * the database is another one, all pods end before the first begins on it.
 */
export async function databaseMove(
  part: KubeObject,
  { deployment, secretRef }: { deployment: string; secretRef: { name: string; key: string } },
  { client, secrets, deployments, restores, signal }: DatabaseMoveDeps & { signal: AbortSignal },
): Promise<DatabaseMove> {
  const { namespace } = keyOf(part);
  const uri = (await secrets.read(namespace, secretRef.name, signal))?.[secretRef.key] ?? '';
  const wanted = databaseIn(uri);
  const live = deployments.get({ namespace, name: deployment });
  const present = live?.metadata.annotations?.[DATABASE_ANNOTATION] ?? wanted;
  const restore = stoppingRestore(restores, part);
  if (restore !== undefined)
    return { annotation: present, why: `until ProcessMeterRestore ${restore} has changed the database` };
  const left = live === undefined || present === wanted ? undefined : await podsLeft(live, client, signal);
  return left === undefined
    ? { annotation: wanted, why: undefined }
    : { annotation: present, why: `before the first pod begins on another database: ${left}` };
}

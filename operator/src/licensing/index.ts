import type { DeclaredKind } from '@process-meter/contract';
import type { SecretReader } from '../platform/secret-reader.ts';
import type { KubeObject, OperatorManager, ObjectKey } from '../runtime/index.ts';
import { Cluster } from './cluster.ts';
import type { ConfigSync } from '../platform/config-sync.ts';
import { KindSync } from './declare.ts';
import { Departures } from './departures.ts';
import { Installations } from './installations.ts';
import { LICENSING_KINDS } from './kinds.ts';
import { lookController } from './look.ts';
import type { ManagerClient } from './manager-client.ts';
import { syncMetrics } from './metrics.ts';

export { createManagerClient, type ManagerClient } from './manager-client.ts';

export interface LicensingDeps {
  operator: OperatorManager;
  secrets: SecretReader;
  manager: ManagerClient;
  configSync: ConfigSync;
  managerUrl: string | undefined;
  /** ms since 1970 */
  now: () => number;
  monotonic: () => number;
  /** Ms between two looks at what the Manager counted; figures in a status stand as long at least. */
  figuresMs: number;
}

/** Adds the controllers that bring licensing resources to the Manager. */
export function addLicensing(given: LicensingDeps): void {
  const { operator } = given;
  const deps = {
    ...given,
    installations: new Installations({ ...given, informers: operator.informers }),
    cluster: new Cluster(operator.client),
    departures: new Departures(given.monotonic),
    metrics: syncMetrics(operator.metrics.registry),
  };
  const syncs: ReadonlyMap<DeclaredKind, KindSync> = new Map(
    LICENSING_KINDS.map((kind) => {
      const sync = new KindSync(kind, {
        ...deps,
        wake: (name, key) => syncs.get(name)?.enqueue(key),
        find: (named, namespace) => find(syncs, named, namespace),
        lost: (key: ObjectKey) => look.enqueue(key),
      });
      return [sync.name, sync];
    }),
  );
  for (const { informer } of syncs.values()) deps.departures.watch(informer);
  const look = operator.add(lookController({ ...deps, syncs: [...syncs.values()] }));
}

function find(
  syncs: ReadonlyMap<DeclaredKind, KindSync>,
  named: string,
  namespace: string,
): { kind: DeclaredKind; object: KubeObject } | undefined {
  const [kind, name = ''] = named.split('/');
  const sync = [...syncs.values()].find((one) => one.name === kind);
  const object = sync?.informer.get({ namespace, name });
  return sync === undefined || object === undefined ? undefined : { kind: sync.name, object };
}

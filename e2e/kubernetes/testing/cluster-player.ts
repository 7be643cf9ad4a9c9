import type { Lab } from '@process-meter/e2e/lab';

/** Does what CloudNativePG does for one Cluster. */
export interface ClusterPlayer {
  /** It gives the Secret of the application, as it does before any server is there. */
  giveSecret(): Promise<void>;
  /** So many of its servers are ready. */
  setReady(servers: number): Promise<void>;
}

export function clusterPlayer(
  lab: Lab,
  { namespace, name }: { namespace: string; name: string },
): ClusterPlayer {
  return {
    giveSecret: () => {
      const stringData = { uri: `postgresql://app:secret@${name}-rw.${namespace}:5432/app` };
      const metadata = { name: `${name}-app`, namespace };
      return lab.apply([{ apiVersion: 'v1', kind: 'Secret', metadata, stringData }]);
    },
    setReady: async (servers) => {
      const phase = servers === 0 ? 'Setting up primary' : 'Cluster in healthy state';
      const patch = JSON.stringify({ status: { instances: 3, readyInstances: servers, phase } });
      const what = ['patch', `clusters.postgresql.cnpg.io/${name}`, '-n', namespace];
      await lab.kubectl([...what, '--subresource=status', '--type=merge', '-p', patch]);
    },
  };
}

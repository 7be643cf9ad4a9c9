import type { ApiServer } from '../api-server.ts';
import { NAMESPACE } from '../world.ts';

const METER = `/apis/processmeter.io/v1alpha1/namespaces/${NAMESPACE}/processmeters/meter`;
const DATABASE = `/api/v1/namespaces/${NAMESPACE}/secrets/meter-database`;
const LEVELS = ['Debug', 'Info', 'Warn', 'Error'];

/** A roll-out of everything: other pods, and a migration on what looks like another database. */
export async function rollOut(api: ApiServer, n: number): Promise<void> {
  const uri = `postgres://meter:secret-${n}@db.corp.local:6432/meter`;
  const answers = [
    await api.call('PATCH', METER, { spec: { logLevel: LEVELS[n % LEVELS.length] } }),
    await api.call('PATCH', DATABASE, { stringData: { uri } }),
  ];
  const refused = answers.find(({ status }) => status !== 200);
  if (refused !== undefined) throw new Error(`no roll-out: ${JSON.stringify(refused)}`);
}

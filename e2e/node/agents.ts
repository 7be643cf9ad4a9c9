import { join } from 'node:path';
import type { AgentEnvironment } from '@process-meter/e2e/stack/agent-process';
import { managerClient, type ManagerClient } from '@process-meter/e2e/stack/manager-client';
import { Pool } from 'pg';
import { NAMESPACE, type Appliance } from './appliance.ts';

/** Applications that the agents of a test use: an editor on a real desktop, and the one of the made-up load. */
export const APPLICATIONS = { editor: 'mousepad', load: 'made-up-by-load' } as const;

/** Between two documents of the made-up load, ms. */
export const LOAD_PAUSE_MS = '50';
const TWENTY_DAYS_MS = 20 * 86_400_000;

/** What a test knows of an appliance from outside: its API, its database, and how agents get in. */
export interface Access {
  manager: ManagerClient;
  pool: Pool;
  /** Environment of an agent with a state folder of its own below `folder`. */
  agent(name: string, display: string): Promise<AgentEnvironment>;
}

/** Declares the applications and signs in as the first administrator. */
export async function accessTo(appliance: Appliance, folder: string): Promise<Access> {
  const password = await appliance.secret('meter-admin', 'password');
  const manager = await managerClient(`http://${appliance.at('manager')}`, password);
  const uri = new URL(await appliance.secret('meter-postgres', 'uri'));
  uri.host = appliance.at('postgres');
  const pool = new Pool({ connectionString: uri.href, max: 2, connectionTimeoutMillis: 5000 });
  // It ends under its idle connections.
  pool.on('error', () => {});
  const names = Object.keys(APPLICATIONS);
  await appliance.lab.apply(Object.entries(APPLICATIONS).map(([name, program]) => monitored(name, program)));
  await appliance.kubectl(
    'wait',
    '--for=condition=Ready',
    '--timeout=60s',
    ...names.map((name) => `monitoredapplication/${name}`),
  );
  const { rows } = await pool.query<{ id: string }>(`select id from application where name = 'load'`);
  return {
    manager,
    pool,
    agent: async (name, display) => ({
      PM_MANAGER_URL: `http://${appliance.at('manager')}`,
      PM_STATE_DIR: join(folder, name),
      // Where a customer's computers know their authority from.
      NODE_EXTRA_CA_CERTS: appliance.authority,
      PM_ENROL_TOKEN: await manager.enrolmentToken(name),
      DISPLAY: display,
      LOAD_APPLICATION: String(rows[0]?.id),
      LOAD_BASE: String(Date.now() - TWENTY_DAYS_MS),
      LOAD_PAUSE_MS,
    }),
  };
}

function monitored(name: string, executable: string): object {
  return {
    apiVersion: 'processmeter.io/v1alpha1',
    kind: 'MonitoredApplication',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      displayName: name,
      rules: [{ executable }],
      inactiveAfter: '5s',
      pathPrivacy: 'BaseName',
    },
  };
}

import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Service } from './service.ts';
import type { Ports, State } from './state.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Plan {
  state: State;
  ports: Ports;
  /** Address the portal listens on. */
  host: string;
  databaseUrl: string;
  natsUrl: string;
  display: string | undefined;
}

/** Address of the manager's HTTP API on this machine. */
export const managerUrl = (ports: Ports): string => `http://127.0.0.1:${ports.manager}`;

/** Address of the portal as a browser on this machine reaches it. */
export function portalUrl(host: string, ports: Ports): string {
  const everywhere = ['0.0.0.0', '::', '127.0.0.1', '::1', 'localhost'].includes(host);
  return `http://${everywhere ? 'localhost' : host}:${ports.portal}`;
}

/** Where a server that listens on `host` is asked from this machine, also where no name resolves. */
function probeAddress(host: string): string {
  if (host === '0.0.0.0' || host === 'localhost') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

const STREAM_BYTES = { least: 64 * 1024 ** 2, most: 20 * 1024 ** 3 };

/** Room for what agents send: half of what is free on the disk of the data folder at the most. */
function streamBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return Math.max(STREAM_BYTES.least, Math.min(STREAM_BYTES.most, Math.floor((bavail * bsize) / 2)));
}

/** Where each service of the appliance is, with its environment. */
export function services(plan: Plan): Record<'migrate' | 'manager' | 'ingest' | 'portal' | 'agent', Service> {
  const { state, ports } = plan;
  const backend = {
    PM_DATABASE_URL: plan.databaseUrl,
    PM_NATS_URL: plan.natsUrl,
    PM_SECRETS_DIR: state.secrets,
    PM_HOST: '127.0.0.1',
  };
  const at = (name: string, path: string): Pick<Service, 'name' | 'script' | 'logDir'> => ({
    name,
    script: join(root, path),
    logDir: state.log,
  });
  return {
    migrate: { ...at('migrate', 'manager/src/cli.ts'), args: ['migrate'], env: backend },
    manager: {
      ...at('manager', 'manager/src/main.ts'),
      env: {
        ...backend,
        PM_PORT: String(ports.manager),
        PM_STREAM_BYTES: String(streamBytes(state.dir)),
        PM_PUBLIC_NATS_URLS: plan.natsUrl,
        PM_ADMIN_PASSWORD_FILE: state.adminPasswordFile,
        PM_TIME_ZONE: Intl.DateTimeFormat().resolvedOptions().timeZone,
      },
      readyUrl: `${managerUrl(ports)}/readyz`,
    },
    ingest: {
      ...at('ingest', 'manager/src/ingest/main.ts'),
      env: { ...backend, PM_PORT: String(ports.ingest) },
      readyUrl: `http://127.0.0.1:${ports.ingest}/readyz`,
    },
    portal: {
      ...at('portal', 'portal/server.ts'),
      env: { PM_MANAGER_URL: managerUrl(ports), PM_PORT: String(ports.portal), PM_HOST: plan.host },
      readyUrl: `http://${probeAddress(plan.host)}:${ports.portal}/readyz`,
    },
    agent: {
      ...at('agent', 'agent/src/main.ts'),
      env: {
        PM_MANAGER_URL: managerUrl(ports),
        PM_STATE_DIR: state.agent,
        PM_ENROL_TOKEN_FILE: state.enrolmentTokenFile,
        ...(plan.display === undefined ? {} : { DISPLAY: plan.display }),
      },
    },
  };
}

/** `manager trust init`: makes the keys and rights of the message server, or completes them. */
export function trustCommand(state: State): Service {
  return {
    name: 'trust',
    script: join(root, 'manager/src/cli.ts'),
    args: ['trust', 'init', '--dir', state.secrets],
    env: {},
    logDir: state.log,
  };
}

import type { ImageConfig } from './oci.ts';
import { application, base, natsServer, node, portal, postgres, type Part } from './parts.ts';

/** An image: how it starts, and the parts that lie on each other, the one that changes most on top. */
export interface ImagePlan {
  name: 'operator' | 'manager' | 'ingest' | 'portal' | 'nats' | 'postgres';
  tag: string;
  config: Pick<ImageConfig, 'entrypoint' | 'command' | 'user' | 'workingDir' | 'env'>;
  parts: readonly Part[];
}

/** Binaries that are not ours. */
export interface Servers {
  nats: { binary: string; version: string };
  postgres: { native: string; version: string };
}

/** Users of the images, as the operator runs them. */
const METER = 65_532;
const POSTGRES = 999;
const PATH = '/usr/local/bin:/usr/bin:/bin';

/** Images of our own programs. */
export function servicePlans(version: string): ImagePlan[] {
  const manager = { manager: 'manager/src/main.ts', cli: 'manager/src/cli.ts' };
  return [
    service('operator', version, application('operator', { operator: 'operator/src/main.ts' })),
    service('manager', version, application('manager', manager)),
    service('ingest', version, application('ingest', { ingest: 'manager/src/ingest/main.ts' })),
    service('portal', version, portal),
  ];
}

/** Images of servers that the operator runs for an evaluation. */
export function serverPlans({ nats, postgres: database }: Servers): ImagePlan[] {
  return [
    {
      name: 'nats',
      tag: nats.version,
      config: {
        entrypoint: ['nats-server'],
        command: ['--config', '/etc/nats/nats.conf'],
        user: METER,
        workingDir: '/',
        env: { PATH },
      },
      parts: [base, natsServer(nats.binary, nats.version)],
    },
    {
      name: 'postgres',
      tag: database.version,
      config: {
        entrypoint: ['postgres-entrypoint'],
        command: [],
        user: POSTGRES,
        workingDir: '/',
        env: {
          PATH,
          PGDATA: '/var/lib/postgresql/data/pgdata',
          POSTGRES_USER: 'postgres',
          POSTGRES_DB: 'postgres',
        },
      },
      parts: [base, postgres(database.native, database.version)],
    },
  ];
}

function service(name: ImagePlan['name'], version: string, program: Part): ImagePlan {
  return {
    name,
    tag: version,
    config: {
      entrypoint: [],
      command: ['node', `${name}.js`],
      user: METER,
      workingDir: '/app',
      env: { PATH, NODE_ENV: 'production' },
    },
    parts: [base, node, program],
  };
}

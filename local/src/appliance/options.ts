import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65_535).optional();
const schema = z.object({
  data: z.string().min(1).optional(),
  host: z.string().min(1).default('127.0.0.1'),
  'portal-port': port,
  'manager-port': port,
  'ingest-port': port,
  'nats-port': port,
  'postgres-port': port,
  display: z.string().min(1).optional(),
  demo: z.boolean().default(false),
  'no-demo': z.boolean().default(false),
  'no-agent': z.boolean().default(false),
  reset: z.boolean().default(false),
  help: z.boolean().default(false),
});

/** Names of the parts that listen on a port. */
export const listeners = ['postgres', 'nats', 'manager', 'ingest', 'portal'] as const;
export type Listener = (typeof listeners)[number];

export interface Options {
  dataDir: string;
  host: string;
  ports: Partial<Record<Listener, number>>;
  display: string | undefined;
  /** `auto`: a demonstration desktop where there is no display. */
  demo: 'auto' | 'always' | 'never';
  agent: boolean;
  reset: boolean;
  help: boolean;
}

/** Data folder when none is given. */
export function defaultDataDir(isRoot: boolean): string {
  return isRoot ? '/var/lib/process-meter' : join(homedir(), '.local', 'share', 'process-meter');
}

/** Reads the command line. @throws Error that names what is wrong */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv, isRoot: boolean): Options {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: string,
      host: string,
      'portal-port': string,
      'manager-port': string,
      'ingest-port': string,
      'nats-port': string,
      'postgres-port': string,
      display: string,
      demo: boolean,
      'no-demo': boolean,
      'no-agent': boolean,
      reset: boolean,
      help: { type: 'boolean', short: 'h' },
    },
  });
  const parsed = schema.safeParse(values);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const given = parsed.data;
  const ports: Options['ports'] = {};
  for (const name of listeners) {
    const wanted = given[`${name}-port`];
    if (wanted !== undefined) ports[name] = wanted;
  }
  return {
    dataDir: resolve(given.data ?? defaultDataDir(isRoot)),
    host: given.host,
    ports,
    display: given.display ?? env['DISPLAY'],
    demo: demoMode(given.demo, given['no-demo']),
    agent: !given['no-agent'],
    reset: given.reset,
    help: given.help,
  };
}

function demoMode(demo: boolean, noDemo: boolean): Options['demo'] {
  if (demo && noDemo) throw new Error('--demo and --no-demo exclude each other');
  if (noDemo) return 'never';
  return demo ? 'always' : 'auto';
}

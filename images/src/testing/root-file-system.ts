import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const descriptor = z.object({ digest: z.string() });
const indexSchema = z.object({ manifests: z.tuple([descriptor]) });
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) });
const configSchema = z.object({
  config: z.object({
    User: z.string(),
    Env: z.array(z.string()),
    Entrypoint: z.array(z.string()),
    Cmd: z.array(z.string()),
    WorkingDir: z.string(),
  }),
});
export type Config = z.infer<typeof configSchema>['config'];

/** An image unpacked as a container runtime does. */
export interface RootFileSystem {
  folder: string;
  config: Config;
}

export function unpack(archive: string, folder: string): RootFileSystem {
  const layout = mkdtempSync(join(tmpdir(), 'pm-unpacked-'));
  try {
    execFileSync('tar', ['-C', layout, '-xf', archive]);
    const read = (path: string): unknown => JSON.parse(readFileSync(join(layout, path), 'utf8'));
    const blob = ({ digest }: { digest: string }): string => `blobs/sha256/${digest.replace('sha256:', '')}`;
    const { manifests } = indexSchema.parse(read('index.json'));
    const manifest = manifestSchema.parse(read(blob(manifests[0])));
    mkdirSync(folder, { recursive: true });
    for (const layer of manifest.layers)
      execFileSync('tar', ['-C', folder, '-xzf', join(layout, blob(layer))]);
    const { config } = configSchema.parse(read(blob(manifest.config)));
    return { folder, config };
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

/** Runs a command where the image is the root, as its user, with /proc and /dev and nothing else of this machine. */
export function runIn(
  { folder, config }: RootFileSystem,
  command: readonly string[] = [],
  env: Record<string, string> = {},
): ChildProcess {
  for (const dir of ['proc', 'dev']) mkdirSync(join(folder, dir), { recursive: true });
  const program = command.length > 0 ? command : [...config.Entrypoint, ...config.Cmd];
  return spawn(
    '/usr/bin/unshare',
    ['--mount', '/bin/sh', '-c', ENTER, folder, config.User, config.WorkingDir, ...program],
    {
      env: { ...Object.fromEntries(config.Env.map(split)), ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
}

const ENTER = [
  '/bin/mount -t proc proc "$0/proc"',
  '/bin/mount --rbind /dev "$0/dev"',
  'id=$1 work=$2',
  'shift 2',
  'exec /usr/bin/unshare --root="$0" --wd="$work" --setgid="${id#*:}" --setuid="${id%:*}" "$@"',
].join(' && ');

function split(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

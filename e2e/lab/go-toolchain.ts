import { chmod, copyFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand } from './command.ts';

/** A Go command and the environment in which it is exactly the wanted version. */
export interface Go {
  command: string;
  env: NodeJS.ProcessEnv;
}

/** First Go that fetches another version by itself. */
const FETCHES_OTHERS = [1, 21] as const;

/** @throws Error that says what to install when there is no Go at all */
export async function goToolchain(version: string, progress: (line: string) => void): Promise<Go> {
  const found = await installedVersion();
  if (found === undefined)
    throw new Error(
      'the lab needs Go to build Kubernetes, and there is no `go` on PATH. Install any version, such as: apt-get install golang-go',
    );
  const [major, minor] = found;
  if (major > FETCHES_OTHERS[0] || (major === FETCHES_OTHERS[0] && minor >= FETCHES_OTHERS[1]))
    return {
      command: 'go',
      env: { ...process.env, GOTOOLCHAIN: `go${version}`, GOFLAGS: '-buildvcs=false' },
    };
  progress(`fetching Go ${version} with Go ${major}.${minor} (once)`);
  return fetchWithOldGo(version);
}

async function installedVersion(): Promise<[number, number] | undefined> {
  const text = await runCommand('go', ['env', 'GOVERSION']).catch(() => undefined);
  if (text === undefined) return undefined;
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major), Number(minor)];
}

/**
 * The module proxy serves Go itself as a module. An older Go downloads it like any other module, against the checksum
 * database; what newer versions do then by themselves, making it executable, is done here.
 */
async function fetchWithOldGo(version: string): Promise<Go> {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const module = `golang.org/toolchain@v0.0.1-go${version}.linux-${arch}`;
  const answer = await runCommand('go', ['mod', 'download', '-json', module], {
    timeoutMs: 600_000,
    cwd: '/',
  });
  const { Dir: dir } = z.object({ Dir: z.string() }).parse(JSON.parse(answer));
  await copyMissing(join(dir, 'src', '_go.mod'), join(dir, 'src', 'go.mod'));
  await allowExecution(join(dir, 'bin'));
  await allowExecution(join(dir, 'pkg', 'tool'));
  return {
    command: join(dir, 'bin', 'go'),
    env: { ...process.env, GOTOOLCHAIN: 'local', GOROOT: dir, GOFLAGS: '-buildvcs=false' },
  };
}

async function copyMissing(from: string, to: string): Promise<void> {
  const there = await stat(to).catch(() => undefined);
  if (there !== undefined) return;
  // The module cache is read-only, its folders too.
  await chmod(join(to, '..'), 0o755);
  await copyFile(from, to);
}

async function allowExecution(folder: string): Promise<void> {
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (file.isFile()) await chmod(join(file.parentPath, file.name), 0o555);
}

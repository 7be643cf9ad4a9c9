import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { goToolchain, type Go } from './go-toolchain.ts';
import { FAMILIES, GO_VERSION, moduleFolder, versionOf, type ToolFamily } from './tool-families.ts';

const BUILD_TIMEOUT_MS = 60 * 60_000;
const LOCK_POLL_MS = 500;

/** Where the tools of a lab are. */
export interface Binaries {
  /** Path of a binary such as `kube-apiserver` or `helm4`. */
  path(name: string): string;
  /** What makes the fake nodes and their pods ready: KWOK's own rules of the same version. */
  kwokStages: string;
}

interface Missing {
  family: ToolFamily;
  name: string;
}

/** Builds what is not in the cache yet. One process builds at a time, others wait for it. */
export async function ensureBinaries(progress: (line: string) => void = () => undefined): Promise<Binaries> {
  if (missing().length > 0) await alone(progress, () => build(progress));
  return {
    path: binaryPath,
    kwokStages: join(folderOf('kwok'), 'stages.yaml'),
  };
}

/** Whether a lab starts without building anything first. */
export function binariesAreReady(): boolean {
  return missing().length === 0;
}

function binaryPath(name: string): string {
  const family = FAMILIES.find(({ binaries }) => name in binaries);
  if (family === undefined) throw new Error(`the lab has no tool called ${name}`);
  return join(cacheFolder(family), 'bin', name);
}

function folderOf(name: string): string {
  const family = FAMILIES.find((one) => one.name === name);
  if (family === undefined) throw new Error(`the lab has no tools called ${name}`);
  return cacheFolder(family);
}

/** A folder per family, so that another version of Helm does not build Kubernetes again. */
function cacheFolder(family: ToolFamily): string {
  const hash = createHash('sha256').update(`go${GO_VERSION} ${process.arch}\n`);
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(moduleFolder(family), file)));
  const digest = hash.digest('hex').slice(0, 12);
  return join(homedir(), '.cache', 'process-meter', `lab-${family.name}-${digest}`);
}

function missing(): Missing[] {
  return FAMILIES.flatMap((family) =>
    Object.keys(family.binaries)
      .filter((name) => !existsSync(binaryPath(name)) || !hasFiles(family))
      .map((name) => ({ family, name })),
  );
}

function hasFiles(family: ToolFamily): boolean {
  return family.files === undefined || existsSync(join(cacheFolder(family), 'stages.yaml'));
}

async function build(progress: (line: string) => void): Promise<void> {
  const wanted = missing();
  if (wanted.length === 0) return;
  progress(`building ${wanted.map(({ name }) => name).join(', ')} from Go modules (once, minutes)`);
  const go = await goToolchain(GO_VERSION, progress);
  for (const { family, name } of wanted) {
    const start = Date.now();
    await buildOne(go, family, name);
    progress(`${name} ${versionOf(family)} built in ${((Date.now() - start) / 1000).toFixed(0)} s`);
  }
}

async function buildOne(go: Go, family: ToolFamily, name: string): Promise<void> {
  const bin = join(cacheFolder(family), 'bin');
  await mkdir(bin, { recursive: true });
  const making = join(bin, `.${name}.${process.pid}`);
  const variables = Object.entries(family.variables(versionOf(family))).map(
    ([key, value]) => `-X ${key}=${value}`,
  );
  await runCommand(
    go.command,
    // The package path comes from our own table.
    [
      'build',
      '-mod=readonly',
      '-trimpath',
      '-ldflags',
      ['-s -w', ...variables].join(' '),
      '-o',
      making,
      family.binaries[name] ?? '',
    ],
    { cwd: moduleFolder(family), env: { ...go.env, CGO_ENABLED: '0' }, timeoutMs: BUILD_TIMEOUT_MS },
  );
  if (family.files !== undefined) await keepFiles(go, family, family.files);
  await rename(making, join(bin, name));
}

/** Joins the wanted files of the module to one, as YAML documents. */
async function keepFiles(go: Go, family: ToolFamily, files: readonly string[]): Promise<void> {
  const listed = await runCommand(go.command, ['list', '-m', '-f', '{{.Dir}}', family.module], {
    cwd: moduleFolder(family),
    env: go.env,
  });
  const texts = await Promise.all(files.map((file) => readFile(join(listed.trim(), file), 'utf8')));
  await writeFile(join(cacheFolder(family), 'stages.yaml'), texts.join('\n---\n'));
}

/** A file is the lock: making it succeeds once. It names its owner, so a killed build does not block for ever. */
async function alone(progress: (line: string) => void, task: () => Promise<void>): Promise<void> {
  const lock = join(homedir(), '.cache', 'process-meter', 'lab-build.lock');
  await mkdir(join(lock, '..'), { recursive: true });
  let told = false;
  while (!(await take(lock))) {
    if (!told) progress('waiting for another process that builds the same');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  try {
    await task();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const owner = await readFile(lock, 'utf8').catch(() => '');
    // Empty for the moment between making and writing.
    if (owner !== '' && !existsSync(`/proc/${owner}`)) await rm(lock, { force: true });
    return false;
  }
}

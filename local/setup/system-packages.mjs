import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { answer, mustRun, run, say, SetupError, since } from './commands.mjs';

/** What the agent's input hook and X11 capture link against, and the tools to end processes. */
const AGENT = ['libxtst6', 'libxt6', 'libxrandr2', 'libx11-6', 'procps', 'x11-utils'];
/** A desktop of our own: X server, window manager, scripted input, and a few small programs with real files. */
const DESKTOP = ['xvfb', 'openbox', 'xdotool', 'xterm', 'mousepad', 'geany', 'nano', 'fonts-dejavu-core'];
const BROWSER = ['chromium'];
/** What the benchmarks compare with, and make certificates with. */
const BENCH = ['postgresql-client', 'openssl'];
/** A shell for the image of PostgreSQL. */
const IMAGES = ['busybox-static'];
/** What brings images into a registry, and checks signatures: bundles for air gaps are tried with them. */
const REGISTRY = ['skopeo', 'openssl'];

/** First Go that can fetch a newer tool chain by itself. */
const GO_NEEDED = [1, 21];
const NATS_NEEDED = [2, 15];

/**
 * Debian packages a task needs.
 * @param {{ desktop: boolean, browser: boolean, bench?: boolean, images?: boolean, registry?: boolean }} wanted
 */
export function neededPackages({ desktop, browser, bench = false, images = false, registry = false }) {
  return [
    ...AGENT,
    ...(desktop ? DESKTOP : []),
    ...(browser ? BROWSER : []),
    ...(bench ? BENCH : []),
    ...(images ? IMAGES : []),
    ...(registry ? REGISTRY : []),
    ...(natsServerCanBeMade() ? [] : ['python3', 'python3-pip']),
  ];
}

/** Installs the missing ones among the packages; says nothing when none is missing. */
export async function ensureSystemPackages(packages) {
  const missing = missingPackages(packages);
  if (missing.length === 0) return;
  if (answer('apt-get', ['--version']) === undefined)
    throw new SetupError(
      `this machine has no apt-get. Install by its own means what these Debian packages bring: ${missing.join(' ')}`,
    );
  const apt = aptCommand(missing);
  const start = Date.now();
  say(`installing ${missing.length} system packages: ${missing.join(' ')}`);
  // Stale lists of one source must not stop the installation from the others.
  await run(apt[0], [...apt.slice(1), 'update', '-q']);
  await mustRun(
    'installing system packages',
    apt[0],
    [...apt.slice(1), 'install', '-y', '-q', '--no-install-recommends', ...missing],
    { env: { DEBIAN_FRONTEND: 'noninteractive' } },
  );
  say(`system packages installed in ${since(start)}`);
}

function aptCommand(missing) {
  // Another installation may hold the lock for a while.
  const apt = ['apt-get', '-o', 'DPkg::Lock::Timeout=300'];
  if (process.getuid?.() === 0) return apt;
  const env = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  if (answer('sudo', ['-n', 'true']) !== undefined) return ['sudo', '-n', ...env, ...apt];
  throw new SetupError(
    `system packages are missing and can only be installed as root. Run once:\n  sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`,
  );
}

function missingPackages(packages) {
  if (answer('dpkg-query', ['--version']) === undefined) return packages.filter((name) => !commandOf(name));
  return packages.filter((name) => !installed(name));
}

/** Newer Debian and Ubuntu name some libraries with the suffix of the 64-bit time change. */
function installed(name) {
  return [name, `${name}t64`].some((candidate) =>
    (answer('dpkg-query', ['-W', '-f', '${Status}', candidate]) ?? '').includes('install ok installed'),
  );
}

/** Without dpkg: a package counts as there when its main command is. */
function commandOf(name) {
  const commands = {
    xvfb: 'Xvfb',
    procps: 'pkill',
    'x11-utils': 'xprop',
    'python3-pip': 'pip3',
    iproute2: 'ip',
    nftables: 'nft',
    'busybox-static': 'busybox',
    'golang-go': 'go',
  };
  const command = commands[name] ?? name;
  return name.startsWith('lib') || name.startsWith('fonts-') || answer('which', [command]) !== undefined;
}

/** Whether a NATS server is there or can be built; else it comes as a Python wheel. */
function natsServerCanBeMade() {
  const cache = join(homedir(), '.cache', 'process-meter');
  const cached = ['2.15.1', '2.15.2'].map((version) => join(cache, `nats-server-${version}`, 'bin'));
  return (
    cached.some((dir) => existsSync(join(dir, 'nats-server'))) ||
    atLeast(answer('nats-server', ['--version']), NATS_NEEDED) ||
    atLeast(answer('go', ['version']), GO_NEEDED) ||
    ['pip3', 'python3'].every((command) => answer(command, ['--version']) !== undefined)
  );
}

/** Whether the first version number in the text is the needed one or a later one. */
function atLeast(text, [neededMajor, neededMinor]) {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text ?? '') ?? [];
  return Number(major) > neededMajor || (Number(major) === neededMajor && Number(minor) >= neededMinor);
}

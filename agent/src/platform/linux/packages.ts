import { execFile } from 'node:child_process';
import { access, readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { PackageOwner, PackageSource } from '../platform.ts';

const run = promisify(execFile);
const RPM_TIMEOUT_MS = 10_000;
const MOST_KNOWN = 20_000;

type Find = (executables: readonly string[]) => Promise<ReadonlyMap<string, PackageOwner>>;

/** The package database of this system, dpkg or rpm; one that knows nothing, and says so, where there is neither. */
export async function packageSource(places = { dpkg: '/var/lib/dpkg', rpm: 'rpm' }): Promise<PackageSource> {
  const hasDpkg = await access(`${places.dpkg}/status`).then(
    () => true,
    () => false,
  );
  if (hasDpkg) return remembered((executables) => findInDpkg(places.dpkg, executables));
  const hasRpm = await run(places.rpm, ['--version'], { timeout: RPM_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
  if (hasRpm) return remembered((executables) => findInRpm(places.rpm, executables));
  return {
    reason:
      'Rules by publisher or package match nothing here, because this system has no package database (dpkg, rpm).',
    ownerOf: () => null,
  };
}

/** Answers at once from what is known. What is not is looked up in the background, all that waits in one go. */
function remembered(find: Find): PackageSource {
  const known = new Map<string, PackageOwner | null>();
  const wanted = new Set<string>();
  let looking = false;
  const look = async (): Promise<void> => {
    looking = true;
    while (wanted.size > 0) {
      const executables = [...wanted];
      const found = await find(executables).catch(() => new Map<string, PackageOwner>());
      if (known.size > MOST_KNOWN) known.clear();
      for (const executable of executables) {
        known.set(executable, found.get(executable) ?? null);
        wanted.delete(executable);
      }
    }
    looking = false;
  };
  return {
    reason: '',
    ownerOf(executable) {
      const owner = known.get(executable);
      if (owner !== undefined) return owner;
      wanted.add(executable);
      if (!looking) void look();
      return undefined;
    },
  };
}

/** One pass over dpkg's lists of files for all executables together, list by list, so that nothing else waits long. */
async function findInDpkg(
  folder: string,
  executables: readonly string[],
): Promise<Map<string, PackageOwner>> {
  // A merged /usr: packages may still list the file without it.
  const wanted = new Map(
    executables.flatMap((path) => [
      [path, path],
      [path.replace(/^\/usr\//, '/'), path],
    ]),
  );
  const owners = new Map<string, string>();
  const lists = (await readdir(`${folder}/info`).catch(() => [])).filter((name) => name.endsWith('.list'));
  for (const name of lists) {
    const text = await readFile(`${folder}/info/${name}`, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      const executable = wanted.get(line);
      if (executable !== undefined) owners.set(executable, name.replace(/(?::[^.]+)?\.list$/, ''));
    }
  }
  const publishers = await publishersInDpkg(folder, new Set(owners.values()));
  return new Map(
    [...owners].map(([executable, name]) => [
      executable,
      { package: name, publisher: publishers.get(name) ?? null },
    ]),
  );
}

/** Vendor of each package where it names one, else the name of its maintainer without the address. */
async function publishersInDpkg(folder: string, names: ReadonlySet<string>): Promise<Map<string, string>> {
  const status = await readFile(`${folder}/status`, 'utf8').catch(() => '');
  const publishers = new Map<string, string>();
  for (const paragraph of status.split('\n\n')) {
    const name = field(paragraph, 'Package');
    if (name === undefined || !names.has(name)) continue;
    const publisher =
      field(paragraph, 'Vendor') ??
      field(paragraph, 'Maintainer')
        ?.replace(/\s*<[^>]*>$/, '')
        .replaceAll('"', '');
    if (publisher !== undefined && publisher !== '') publishers.set(name, publisher);
  }
  return publishers;
}

const field = (paragraph: string, name: string): string | undefined =>
  new RegExp(`^${name}: *(.+)$`, 'm').exec(paragraph)?.[1]?.trim();

/** One file after another: rpm answers for several with lines that cannot be told apart. */
async function findInRpm(
  command: string,
  executables: readonly string[],
): Promise<Map<string, PackageOwner>> {
  const owners = new Map<string, PackageOwner>();
  const format = String.raw`%{NAME}\t%{VENDOR}\n`;
  for (const executable of executables) {
    const answer = await run(command, ['-qf', '--queryformat', format, '--', executable], {
      timeout: RPM_TIMEOUT_MS,
    }).catch(() => null);
    const [name = '', vendor = ''] = (answer?.stdout.split('\n')[0] ?? '').split('\t');
    const publisher = vendor === '' || vendor === '(none)' ? null : vendor;
    if (name !== '') owners.set(executable, { package: name, publisher });
  }
  return owners;
}

import { readFile, readdir } from 'node:fs/promises';

const DPKG_INFO = '/var/lib/dpkg/info';

/** The Debian package an executable belongs to, asked once per executable; null where none owns it. */
export function dpkgOwner(folder = DPKG_INFO): (executable: string) => Promise<string | null> {
  const known = new Map<string, Promise<string | null>>();
  return (executable) => {
    const found = known.get(executable) ?? findOwner(folder, executable);
    known.set(executable, found);
    return found;
  };
}

async function findOwner(folder: string, executable: string): Promise<string | null> {
  const lists = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.list'));
  // A merged /usr: packages may still list the file without it.
  const wanted = [executable, executable.replace(/^\/usr\//, '/')].map((path) => `\n${path}\n`);
  for (const name of lists) {
    const text = await readFile(`${folder}/${name}`, 'utf8').catch(() => '');
    if (wanted.some((line) => text.includes(line))) return name.replace(/(?::[^.]+)?\.list$/, '');
  }
  return null;
}

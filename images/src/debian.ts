import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A package of Debian of which an image holds files. */
export interface DebianPackage {
  name: string;
  version: string;
  /** What Debian says of its authors and licences. */
  copyright: string;
}

const LIBRARIES: Partial<Record<NodeJS.Architecture, { triplet: string; loader: string }>> = {
  x64: { triplet: 'x86_64-linux-gnu', loader: 'lib64/ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'lib/ld-linux-aarch64.so.1' },
};
/** What Node, NATS and PostgreSQL are linked with, and how names of hosts are looked up. */
const WANTED = /\/(ld-linux-.*|lib(c|m|dl|rt|pthread|resolv|nss_files|nss_dns|gcc_s|stdc\+\+))\.so\.\d+$/;
const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6'];

/** Copies the C and C++ libraries of this machine. */
export function copyLibraries(folder: string): DebianPackage[] {
  const machine = LIBRARIES[process.arch];
  if (machine === undefined) throw new Error(`images are not made for ${process.arch}`);
  const libraries = join(folder, 'lib', machine.triplet);
  mkdirSync(libraries, { recursive: true });
  const found = PACKAGES.flatMap(filesOf).filter((file) => WANTED.test(file));
  for (const file of found) copyFileSync(realpathSync(file), join(libraries, basename(file)));
  const loader = join(folder, machine.loader);
  mkdirSync(join(loader, '..'), { recursive: true });
  if (!existsSync(loader)) symlinkSync(`/lib/${machine.triplet}/${basename(machine.loader)}`, loader);
  return PACKAGES.map(describePackage);
}

const SHELL = ['sh', 'head', 'mkdir', 'mv', 'nc', 'rm', 'sleep', 'cat', 'ls', 'tar'];

/** A shell and what the scripts of an image need, in one file. */
export function copyShell(folder: string): DebianPackage[] {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const file = filesOf('busybox-static').find((path) => path.endsWith('/bin/busybox'));
  if (file === undefined) throw new Error('busybox-static holds no busybox');
  copyFileSync(file, join(bin, 'busybox'));
  for (const name of SHELL) symlinkSync('busybox', join(bin, name));
  return [describePackage('busybox-static')];
}

function filesOf(name: string): string[] {
  return execFileSync('dpkg', ['-L', name], { encoding: 'utf8' }).trim().split('\n');
}

function describePackage(name: string): DebianPackage {
  const version = execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' });
  return { name, version, copyright: readFileSync(`/usr/share/doc/${name}/copyright`, 'utf8') };
}

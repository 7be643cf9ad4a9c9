import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { bundle, merged, packagesOf, type BundledPackage } from './bundle.ts';
import { copyLibraries, copyShell, type DebianPackage } from './debian.ts';

/** What is in a part of an image: it goes into the bill of materials and the licences. */
export interface Contents {
  npm: readonly BundledPackage[];
  debian: readonly DebianPackage[];
  other: readonly Program[];
}

/** A program that comes as a whole. */
export interface Program {
  name: string;
  version: string;
  licence: string;
  /** Package URL. */
  purl: string;
}

/** One layer: a folder that is filled, and what was put there. */
export interface Part {
  name: string;
  /** Folders in which everybody may write. */
  open?: readonly string[];
  fill: (folder: string) => Promise<Contents> | Contents;
}

const NOTHING: Contents = { npm: [], debian: [], other: [] };
const root = join(import.meta.dirname, '..', '..');

const ACCOUNTS = [
  ['root', 0],
  ['postgres', 999],
  ['meter', 65_532],
] as const;

/** The C library, names of users, and an empty /tmp. */
export const base: Part = {
  name: 'base',
  open: ['tmp'],
  fill: (folder) => {
    for (const dir of ['etc', 'tmp', 'app', 'usr/local/bin'])
      mkdirSync(join(folder, dir), { recursive: true });
    const lines = (line: (name: string, id: number) => string): string =>
      ACCOUNTS.map(([name, id]) => `${line(name, id)}\n`).join('');
    const etc = (name: string, text: string): void => writeFileSync(join(folder, 'etc', name), text);
    etc(
      'passwd',
      lines((name, id) => `${name}:x:${id}:${id}:${name}:/:/sbin/nologin`),
    );
    etc(
      'group',
      lines((name, id) => `${name}:x:${id}:`),
    );
    etc('nsswitch.conf', 'hosts: files dns\n');
    return { ...NOTHING, debian: copyLibraries(folder) };
  },
};

/** The Node that made the image. */
export const node: Part = {
  name: 'node',
  fill: (folder) => {
    mkdirSync(join(folder, 'usr/local/bin'), { recursive: true });
    copyFileSync(realpathSync(process.execPath), join(folder, 'usr/local/bin/node'));
    const version = process.versions.node;
    return {
      ...NOTHING,
      other: [{ name: 'node', version, licence: 'MIT', purl: `pkg:generic/node@${version}` }],
    };
  },
};

/** Programs of ours as plain JavaScript in /app. @param input source by the name of the program */
export function application(name: string, input: Record<string, string>): Part {
  const sources = Object.fromEntries(Object.entries(input).map(([key, path]) => [key, join(root, path)]));
  return { name, fill: async (folder) => ({ ...NOTHING, npm: await bundle(sources, join(folder, 'app')) }) };
}

/** The portal as it was built, with its server. */
export const portal: Part = {
  name: 'portal',
  fill: async (folder) => {
    const built = join(root, 'portal', 'build');
    if (!existsSync(join(built, 'handler.js')))
      throw new Error('the portal is not built: portal/build is missing');
    const server = await bundle({ portal: join(root, 'portal', 'server.ts') }, join(folder, 'app'));
    cpSync(built, join(folder, 'app', 'build'), {
      recursive: true,
      filter: (file) => !/\/\.[^/]*$/.test(file),
    });
    return { ...NOTHING, npm: merged(server, bundledIn(built)) };
  },
};

/** What went into pages and server when the portal was built. */
function bundledIn(built: string): BundledPackage[] {
  const files = z
    .array(z.string())
    .parse(JSON.parse(readFileSync(join(built, 'bundled-files.json'), 'utf8')));
  return packagesOf(files.map((file) => join(root, file)));
}

/** @param binary path of the server */
export function natsServer(binary: string, version: string): Part {
  return {
    name: 'nats',
    fill: (folder) => {
      const bin = join(folder, 'usr/local/bin');
      mkdirSync(bin, { recursive: true });
      copyFileSync(realpathSync(binary), join(bin, 'nats-server'));
      const purl = `pkg:golang/github.com/nats-io/nats-server/v2@v${version}`;
      return { ...NOTHING, other: [{ name: 'nats-server', version, licence: 'Apache-2.0', purl }] };
    },
  };
}

/** @param native folder of the server's binaries */
export function postgres(native: string, version: string): Part {
  return {
    name: 'postgres',
    fill: (folder) => {
      const home = join(folder, 'usr/local/pgsql');
      cpSync(native, home, { recursive: true, verbatimSymlinks: true });
      const bin = join(folder, 'usr/local/bin');
      mkdirSync(bin, { recursive: true });
      for (const name of ['initdb', 'postgres']) symlinkSync(`../pgsql/bin/${name}`, join(bin, name));
      const scripts = join(import.meta.dirname, '..', 'postgres');
      for (const name of readdirSync(scripts)) copyFileSync(join(scripts, name), join(bin, name));
      const purl = `pkg:generic/postgresql@${version}`;
      return {
        ...NOTHING,
        debian: copyShell(folder),
        other: [{ name: 'postgresql', version, licence: 'PostgreSQL', purl }],
      };
    },
  };
}

import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@process-meter/local';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImages, type BuiltImage } from './build.ts';
import { serverPlans, servicePlans } from './images.ts';
import { findServers } from './servers.ts';
import { runIn, unpack, type RootFileSystem } from './testing/root-file-system.ts';

const folder = mkdtempSync(join(tmpdir(), 'pm-images-'));
const running: ChildProcess[] = [];
let images: BuiltImage[];
let again: BuiltImage[];

beforeAll(async () => {
  const plans = [...servicePlans('1.2.3'), ...serverPlans(findServers(() => undefined))];
  images = await buildImages(plans, { folder: join(folder, 'first') });
  again = await buildImages(plans, { folder: join(folder, 'second') });
}, 300_000);
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const text = (name: string): string => readFileSync(join(folder, 'first', name), 'utf8');

test('two builds give the same digests and the same files', () => {
  expect(again.map(({ digest }) => digest)).toEqual(images.map(({ digest }) => digest));
  const names = readdirSync(join(folder, 'first'));
  expect(names).toHaveLength(3 * images.length);
  for (const name of names) execFileSync('cmp', [join(folder, 'first', name), join(folder, 'second', name)]);
});

test('each image has a bill of materials with what is bundled, and its licences', () => {
  for (const { name, tag, digest } of images) {
    const bill = JSON.parse(text(`${name}-${tag}.cdx.json`));
    expect(bill.metadata.component).toMatchObject({
      type: 'container',
      name: `process-meter/${name}`,
      version: tag,
    });
    expect(bill.metadata.component.purl).toContain(encodeURIComponent(digest));
    expect(bill.components.map((component: { name: string }) => component.name)).toContain('libc6');
  }
  const manager = JSON.parse(text('manager-1.2.3.cdx.json'));
  const named = new Map(
    manager.components.map((found: { name: string; purl: string }) => [found.name, found.purl]),
  );
  expect(named.get('fastify')).toMatch(/^pkg:npm\/fastify@5\./);
  expect(named.get('node')).toBe(`pkg:generic/node@${process.versions.node}`);
  expect(named.has('@process-meter/contract')).toBe(false);
  const portal = JSON.parse(text('portal-1.2.3.cdx.json'));
  expect(portal.components.map((found: { name: string }) => found.name)).toEqual(
    expect.arrayContaining(['svelte', '@sveltejs/kit', 'uplot', '@fontsource-variable/inter']),
  );
  expect(text('portal-1.2.3.licences.txt')).toContain('SIL OPEN FONT LICENSE');
  expect(text('manager-1.2.3.licences.txt')).toContain('Permission is hereby granted, free of charge');
});

test('imported on a node, each has the name by which the charts ask for it', () => {
  const wanted = readFileSync(join(import.meta.dirname, '../../charts/process-meter/images.txt'), 'utf8');
  for (const { name, tag, archive } of images) {
    const index = JSON.parse(execFileSync('tar', ['-xOf', archive, './index.json'], { encoding: 'utf8' }));
    const imported = index.manifests[0].annotations['io.containerd.image.name'];
    expect(imported).toBe(`registry.processmeter.io/process-meter/${name}:${tag}`);
    expect(wanted).toContain(`registry.processmeter.io/process-meter/${name}:`);
  }
});

const asRoot = process.getuid?.() === 0;

describe.skipIf(!asRoot)('as a container runtime starts them (needs root)', () => {
  const open = (name: string): RootFileSystem => {
    const found = images.find((image) => image.name === name);
    if (found === undefined) throw new Error(`there is no image ${name}`);
    return unpack(found.archive, join(folder, name));
  };
  const start = (...given: Parameters<typeof runIn>): ChildProcess => {
    const child = runIn(...given);
    running.push(child);
    return child;
  };

  async function output(...given: Parameters<typeof runIn>): Promise<{ code: unknown; text: string }> {
    const child = start(...given);
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    const [code]: unknown[] = await once(child, 'exit');
    return { code, text: said };
  }

  test('every program runs as a user without rights and says what it is', async () => {
    const manager = open('manager');
    expect(await output(manager, ['node', 'cli.js'])).toMatchObject({ code: 0 });
    expect((await output(manager, ['node', '-p', 'process.getuid()'])).text.trim()).toBe('65532');
    expect((await output(open('nats'), ['nats-server', '--version'])).text).toMatch(/v2\.\d+/);
    const operator = await output(open('operator'), [], { PM_PORT: 'none' });
    expect(operator.code).toBe(1);
  });

  test('the portal answers', async () => {
    const port = await freePort();
    const portal = start(open('portal'), [], { PM_PORT: String(port) });
    await answering(async () => (await fetch(`http://127.0.0.1:${port}/sign-in`)).status === 200);
    portal.kill('SIGTERM');
    expect(await once(portal, 'exit')).toEqual([0, null]);
  });

  test('PostgreSQL makes its database once, is ready when it says so, and starts again', async () => {
    const postgres = open('postgres');
    for (const path of ['var/lib/postgresql/data', 'var/run/postgresql']) {
      mkdirSync(join(postgres.folder, path), { recursive: true });
      chownSync(join(postgres.folder, path), 999, 999);
    }
    const port = String(await freePort());
    const env = { POSTGRES_USER: 'meter', POSTGRES_DB: 'meter', POSTGRES_PASSWORD: 'secret', PGPORT: port };
    const isReady = async (): Promise<unknown> =>
      (await output(postgres, ['pg_isready', '--username', 'meter', '--dbname', 'meter'], env)).code;
    expect(await isReady()).toBe(2);
    for (const round of [1, 2]) {
      const server = start(postgres, [], env);
      await answering(async () => (await isReady()) === 0);
      // A kill leaves the file with the number of the process behind.
      server.kill(round === 1 ? 'SIGKILL' : 'SIGINT');
      await once(server, 'exit');
      await answering(async () => (await isReady()) === 2);
    }
  });
});

async function answering(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > end) throw new Error('no answer within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

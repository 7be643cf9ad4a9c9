import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@process-meter/local';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildImages, type BuiltImage } from '../build.ts';
import { servicePlans } from '../images.ts';
import { architecture } from '../oci.ts';
import { makeBundle } from './bundle.ts';
import { makeSigningKey } from './signature.ts';

/** Unpacked by the set-up of the tests. */
const REGISTRY = join(homedir(), '.cache/process-meter/docker-registry/usr/bin/docker-registry');
const folder = mkdtempSync(join(tmpdir(), 'pm-air-gap-'));
const [key, pub] = [join(folder, 'own.key'), join(folder, 'own.pub')];
const name = `process-meter-1.2.3-${architecture()}`;
let archive = '';
let images: readonly BuiltImage[] = [];

/** With one image, so that it takes seconds. */
const bundle = (to: string): Promise<string> =>
  makeBundle({
    version: '1.2.3',
    images: async (into) => {
      const plans = servicePlans('1.2.3').filter((plan) => plan.name === 'operator');
      return (images = await buildImages(plans, { folder: into }));
    },
    to: join(folder, to),
    key,
  });

beforeAll(async () => {
  makeSigningKey(key, pub);
  archive = await bundle('first');
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The bundle as somebody unpacked it. */
function unpacked(from = archive): string {
  const dir = mkdtempSync(join(folder, 'unpacked-'));
  execFileSync('tar', ['-xf', from, '-C', dir]);
  return join(dir, name);
}

function load(dir: string, ...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(join(dir, 'load-images.sh'), args, { encoding: 'utf8' });
  return { code: status, output: stdout + stderr };
}

test('two bundles of the same sources are the same file', async () => {
  expect(spawnSync('cmp', [archive, await bundle('second')]).status).toBe(0);
});

test('its signature and its checksums are checked by tools that everybody has', () => {
  const dir = unpacked();
  const verify = (by: string): number | null =>
    spawnSync(
      'openssl',
      [
        'pkeyutl',
        '-verify',
        '-pubin',
        '-inkey',
        by,
        '-rawin',
        '-in',
        'SHA256SUMS',
        '-sigfile',
        'SHA256SUMS.sig',
      ],
      { cwd: dir },
    ).status;
  const [otherKey, otherPub] = [join(folder, 'other.key'), join(folder, 'other.pub')];
  makeSigningKey(otherKey, otherPub);
  expect([verify(pub), verify(otherPub)]).toEqual([0, 1]);
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: dir });
  // A key is never written over.
  expect(() => makeSigningKey(key, pub)).toThrow('EEXIST');
});

test('what was changed on the way is found before anything is done', () => {
  const changed = unpacked();
  appendFileSync(join(changed, 'charts/process-meter-0.2.0.tgz'), 'x');
  expect(load(changed, '--public-key', pub, 'localhost:1')).toMatchObject({ code: 1 });
  expect(load(changed, 'localhost:1').output).toContain('a file is not what was packed');

  const summed = unpacked();
  writeFileSync(join(summed, 'images.txt'), '');
  const sums = execFileSync(
    'sh',
    ['-c', 'find . -type f ! -name "SHA256SUMS*" -printf "%P\\n" | xargs sha256sum'],
    {
      cwd: summed,
    },
  );
  writeFileSync(join(summed, 'SHA256SUMS'), sums);
  expect(load(summed, '--public-key', pub, 'localhost:1').output).toContain('the checksums were changed');

  const unsigned = unpacked();
  rmSync(join(unsigned, 'SHA256SUMS.sig'));
  expect(load(unsigned, '--public-key', pub, 'localhost:1').output).toContain('this bundle is not signed');
  expect(load(unsigned).code).toBe(2);
});

async function startRegistry(): Promise<{ address: string; process: ChildProcess }> {
  const port = await freePort();
  const data = join(folder, 'registry');
  mkdirSync(data);
  const config = join(folder, 'registry.yaml');
  writeFileSync(
    config,
    `version: 0.1\nstorage: { filesystem: { rootdirectory: ${data} } }\nhttp: { addr: "127.0.0.1:${port}" }\n`,
  );
  const child = spawn(REGISTRY, ['serve', config], { stdio: 'ignore' });
  const answers = async (): Promise<number> =>
    fetch(`http://127.0.0.1:${port}/v2/`).then(
      (response) => response.status,
      () => 0,
    );
  await expect.poll(answers, { timeout: 20_000 }).toBe(200);
  return { address: `127.0.0.1:${port}`, process: child };
}

test('its images come into a registry with the digests they were made with', async () => {
  const registry = await startRegistry();
  try {
    const dir = unpacked();
    const loaded = load(dir, '--public-key', pub, '--plain-http', registry.address);
    expect(loaded).toMatchObject({ code: 0 });
    expect(loaded.output).toContain('the signature is right');
    for (const { name: image, tag, digest } of images) {
      const response = await fetch(`http://${registry.address}/v2/process-meter/${image}/manifests/${tag}`, {
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      });
      expect(response.headers.get('docker-content-digest')).toBe(digest);
      expect(readFileSync(join(dir, 'images.txt'), 'utf8')).toContain(
        `${image}-${tag}.tar process-meter/${image}:${tag} ${digest}`,
      );
    }
  } finally {
    registry.process.kill('SIGKILL');
  }
}, 60_000);

test('the charts in it are whole', () => {
  const dir = unpacked();
  for (const chart of ['process-meter-operator', 'process-meter']) {
    const text = execFileSync('sh', ['-c', `tar -xzOf charts/${chart}-[0-9]*.tgz ${chart}/Chart.yaml`], {
      cwd: dir,
      encoding: 'utf8',
    });
    expect(text).toContain(`name: ${chart}\n`);
  }
});

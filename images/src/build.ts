import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billOfMaterials } from './bill.ts';
import type { ImagePlan } from './images.ts';
import { packLayer, type Layer } from './layer.ts';
import { licenceTexts } from './licences.ts';
import { writeLayout } from './oci.ts';
import type { Contents, Part } from './parts.ts';

export interface BuiltImage {
  name: string;
  tag: string;
  /** Digest of the manifest. */
  digest: string;
  /** OCI layout as one tar, which `ctr images import`, `skopeo` and `podman load` read. */
  archive: string;
  /** Bytes of all its layers as they are stored and sent. */
  bytes: number;
}

interface Packed {
  layer: Layer;
  contents: Contents;
}

/** Makes images into a folder: for each an archive, a bill of materials and the licences. Parts they share are made once. */
export async function buildImages(
  plans: readonly ImagePlan[],
  { folder, say = () => undefined }: { folder: string; say?: (line: string) => void },
): Promise<BuiltImage[]> {
  mkdirSync(folder, { recursive: true });
  const packed = new Map<Part, Promise<Packed>>();
  const pack = (part: Part): Promise<Packed> => {
    const known = packed.get(part) ?? packPart(part);
    packed.set(part, known);
    return known;
  };
  const built: BuiltImage[] = [];
  for (const plan of plans) {
    const parts: Packed[] = [];
    for (const part of plan.parts) parts.push(await pack(part));
    built.push(writeImage(plan, parts, folder));
    say(`${plan.name}:${plan.tag} ${built.at(-1)?.digest}`);
  }
  return built;
}

async function packPart(part: Part): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), 'pm-image-'));
  try {
    const files = join(folder, 'files');
    mkdirSync(files, { mode: 0o755 });
    const contents = await part.fill(files);
    // Whatever the mask of the one who builds: all may read, none but the owner may write.
    execFileSync('chmod', ['-R', 'u=rwX,go=rX', files]);
    for (const open of part.open ?? []) chmodSync(join(files, open), 0o1777);
    return { layer: packLayer(files), contents };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeImage(plan: ImagePlan, parts: readonly Packed[], folder: string): BuiltImage {
  const { name, tag } = plan;
  const layers = parts.map(({ layer }) => layer);
  const contents = parts.map((part) => part.contents);
  const layout = mkdtempSync(join(tmpdir(), 'pm-layout-'));
  try {
    const image = { ...plan.config, name: `process-meter/${name}`, tag, labels: labelsOf(plan) };
    const digest = writeLayout(layout, image, layers);
    const archive = join(folder, `${name}-${tag}.tar`);
    execFileSync('tar', [
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mtime=@0',
      '-C',
      layout,
      '-cf',
      archive,
      '.',
    ]);
    const beside = (what: string, text: string): void =>
      writeFileSync(join(folder, `${name}-${tag}.${what}`), text);
    beside('cdx.json', billOfMaterials({ name: image.name, version: tag, digest }, contents));
    beside('licences.txt', licenceTexts(contents));
    return { name, tag, digest, archive, bytes: layers.reduce((sum, { blob }) => sum + blob.length, 0) };
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

function labelsOf({ name, tag }: ImagePlan): Record<string, string> {
  return {
    'org.opencontainers.image.title': `process-meter/${name}`,
    'org.opencontainers.image.version': tag,
  };
}

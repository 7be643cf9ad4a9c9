import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArchive } from './archive.ts';
import { billOfMaterials } from './bill.ts';
import type { ImagePlan } from './images.ts';
import { packLayer, type Layer } from './layer.ts';
import { licenceTexts } from './licences.ts';
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

/** Where the charts take images from, when nobody says otherwise. */
const REGISTRY = 'registry.processmeter.io';

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
  const beside = (what: string): string => join(folder, `${name}-${tag}.${what}`);
  const archive = beside('tar');
  // Under the name by which the charts ask for it: imported on a node it is found there.
  const image = { ...plan.config, name: `${REGISTRY}/process-meter/${name}`, tag, labels: labelsOf(plan) };
  const digest = writeArchive(archive, image, layers);
  const bill = billOfMaterials({ name: `process-meter/${name}`, version: tag, digest }, contents);
  writeFileSync(beside('cdx.json'), bill);
  writeFileSync(beside('licences.txt'), licenceTexts(contents));
  return { name, tag, digest, archive, bytes: layers.reduce((sum, { blob }) => sum + blob.length, 0) };
}

function labelsOf({ name, tag }: ImagePlan): Record<string, string> {
  return {
    'org.opencontainers.image.title': `process-meter/${name}`,
    'org.opencontainers.image.version': tag,
  };
}

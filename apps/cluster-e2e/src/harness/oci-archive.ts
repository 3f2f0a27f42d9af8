import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { must } from './shell';

const block = 512;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** One image of an OCI archive, its parts by digest. */
export interface OciImage {
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  blob(digest: string): Buffer;
}

/** Reads an archive of one image, as tools/images writes them. */
export function readOciArchive(path: string): OciImage {
  const files = untar(readFileSync(path));
  const file = (name: string): Buffer => {
    const found = files.get(name);
    if (found === undefined) throw new Error(`${path} has no ${name}`);
    return found;
  };
  const blob = (digest: string): Buffer => file(`blobs/${digest.replace(':', '/')}`);
  const index = JSON.parse(file('index.json').toString()) as { manifests: [Descriptor] };
  const { mediaType, digest, size } = index.manifests[0];
  const { config, layers } = JSON.parse(blob(digest).toString()) as { config: Descriptor; layers: Descriptor[] };
  return { manifest: { mediaType, digest, size }, config, layers, blob };
}

/** Writes the same image as `docker save` would. */
export async function dockerSave(image: OciImage, tag: string, path: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'navarch-save-'));
  const config = `${image.config.digest.slice('sha256:'.length)}.json`;
  const layers = image.layers.map((_, index) => `layer-${index}.tar`);
  writeFileSync(join(dir, config), image.blob(image.config.digest));
  image.layers.forEach(({ digest }, index) => writeFileSync(join(dir, layers[index] ?? ''), gunzipSync(image.blob(digest))));
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify([{ Config: config, RepoTags: [tag], Layers: layers }]));
  await must('tar', ['-C', dir, '-cf', path, config, ...layers, 'manifest.json']);
  rmSync(dir, { recursive: true });
}

function untar(bytes: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0;) {
    const text = (from: number, length: number): string => bytes.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = parseInt(text(124, 12), 8);
    files.set(text(0, 100), bytes.subarray(at + block, at + block + size));
    at += block + Math.ceil(size / block) * block;
  }
  return files;
}

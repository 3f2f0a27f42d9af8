import { readFileSync } from 'node:fs';

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

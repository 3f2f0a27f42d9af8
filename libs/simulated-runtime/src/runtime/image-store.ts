import { createHash } from 'node:crypto';

import { notFound } from '../cri-error';

export interface SimulatedImage {
  /** `sha256:…`, what a container's imageRef is. */
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
}

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const reference = new RegExp(String.raw`^(?:[A-Za-z0-9.-]+(?::\d+)?/)?${component}(?:/${component})*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`);

/** Whether something is the name of an image, as far as its form says. */
export const isReference = (name: string): boolean => reference.test(name);

/** `nginx` is `docker.io/library/nginx:latest`, as every runtime reads it. */
export function normalizeReference(reference: string): string {
  const [name = '', digest] = reference.split('@', 2);
  const slash = name.indexOf('/');
  const host = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = host === 'localhost' || /[.:]/.test(host);
  const path = hasHost ? name : slash < 0 ? `docker.io/library/${name}` : `docker.io/${name}`;
  if (digest !== undefined) return `${path}@${digest}`;
  return path.lastIndexOf(':') > path.lastIndexOf('/') ? path : `${path}:latest`;
}

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** Images by reference. Every image can be pulled, unless its name says `missing`. */
export class ImageStore {
  readonly #images = new Map<string, SimulatedImage>();

  /** Puts an image there without a pull. */
  add(image: SimulatedImage): void {
    this.#images.set(image.id, image);
  }

  list(): SimulatedImage[] {
    return [...this.#images.values()];
  }

  /** By reference or by id. */
  get(reference: string): SimulatedImage | undefined {
    const byId = this.#images.get(reference.startsWith('sha256:') ? reference : `sha256:${reference}`);
    if (byId || reference === '') return byId;
    const name = normalizeReference(reference);
    return this.list().find((image) => image.tags.includes(name) || image.digests.includes(name));
  }

  /** @throws CriError with code NOT_FOUND, in containerd's words, for an image that is missing */
  pull(reference: string): SimulatedImage {
    const known = this.get(reference);
    if (known) return known;
    const name = normalizeReference(reference);
    if (/missing/.test(name)) {
      throw notFound(`failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`);
    }
    const repository = name.includes('@') ? name.slice(0, name.indexOf('@')) : name.slice(0, name.lastIndexOf(':'));
    const isDigest = name.includes('@');
    const id = sha256(`config ${name}`);
    const image: SimulatedImage = {
      id,
      tags: isDigest ? [] : [name],
      digests: [isDigest ? name : `${repository}@${sha256(`manifest ${name}`)}`],
      // Between 1 and 64 MB, the same for the same name.
      sizeBytes: 1_000_000 + (Number.parseInt(id.slice(7, 13), 16) % 63_000_000),
    };
    this.#images.set(id, image);
    return image;
  }

  remove(reference: string): boolean {
    const image = this.get(reference);
    return image !== undefined && this.#images.delete(image.id);
  }
}

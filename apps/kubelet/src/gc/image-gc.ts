import { statfs } from 'node:fs/promises';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type runtimev1 } from '@navarch/proto';
import { type KubeletMetrics } from '../kubelet-metrics';
import { type PullRecords } from '../images/pull-records';
import { type ContainerRuntime } from '../runtime';
import { sandboxImage } from '../runtime/sandbox-image';

export interface ImageGcOptions {
  readonly highPercent: number;
  readonly lowPercent: number;
  readonly minAgeMs: number;
  /** Images that nobody has used for so long go in any case; 0: none do. */
  readonly maxAgeMs: number;
}

export interface ImageGcDeps {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<KubeletMetrics, 'imagesCollected'>;
  /** What is known of images that were pulled here. */
  readonly records: Pick<PullRecords, 'prune'>;
  /** Bytes of the file system that images are on; tests replace it. */
  readonly usage?: (mountpoint: string) => Promise<{ capacity: number; available: number }>;
}

interface Known {
  readonly firstSeenMs: number;
  lastUsedMs: number;
}

/** Removes images that no container uses, least recently used first, when their file system is nearly full. */
export class ImageGc {
  readonly #known = new Map<string, Known>();

  constructor(private readonly options: ImageGcOptions, private readonly deps: ImageGcDeps) {}

  async collect(): Promise<void> {
    const { runtime, log, clock } = this.deps;
    const now = clock.now();
    const images = await this.#removeOld(await this.#detect(), now);
    await this.deps.records.prune(new Set(images.map(({ id }) => id)), now);
    const mountpoint = (await runtime.imageFsInfo()).imageFilesystems[0]?.fsId?.mountpoint;
    if (mountpoint === undefined) return;
    const { capacity, available } = await (this.deps.usage ?? fileSystemUsage)(mountpoint);
    if (capacity === 0 || ((capacity - available) / capacity) * 100 < this.options.highPercent) return;
    let toFree = (capacity * (100 - this.options.lowPercent)) / 100 - available;
    for (const image of this.#unused(images, now).filter(({ id }) => now - (this.#known.get(id)?.firstSeenMs ?? now) >= this.options.minAgeMs)) {
      if (toFree <= 0) break;
      await this.#remove(image);
      toFree -= Number(image.size);
    }
    if (toFree > 0) log.warn({ missingBytes: Math.round(toFree) }, 'not enough unused images to free the space wanted');
  }

  /** Removes every image that no container uses: the node has no room left. */
  async removeUnused(): Promise<void> {
    const now = this.deps.clock.now();
    for (const image of this.#unused(await this.#detect(), now)) await this.#remove(image);
  }

  /** Those that are left. What this kubelet has not known for so long it cannot judge: upstream, too, begins anew with each start. */
  async #removeOld(images: readonly runtimev1.Image[], nowMs: number): Promise<readonly runtimev1.Image[]> {
    const { maxAgeMs } = this.options;
    if (maxAgeMs === 0) return images;
    const old = new Set(this.#unused(images, nowMs).filter(({ id }) => {
      const known = this.#known.get(id);
      return known !== undefined && nowMs - Math.max(known.lastUsedMs, known.firstSeenMs) > maxAgeMs;
    }));
    for (const image of old) await this.#remove(image, 'age');
    return images.filter((image) => !old.has(image));
  }

  async #remove(image: runtimev1.Image, reason: 'space' | 'age' = 'space'): Promise<void> {
    const { runtime, log, metrics } = this.deps;
    await runtime.removeImage(image.id);
    metrics.imagesCollected.inc({ reason });
    log.info({ image: image.repoTags[0] ?? image.id, bytes: Number(image.size) }, reason === 'age' ? 'image removed that nobody has used for long' : 'image removed to free space');
  }

  /** Least recently used first. `nowMs`: when looking began; what has been used since is in use. */
  #unused(images: readonly runtimev1.Image[], nowMs: number): runtimev1.Image[] {
    const known = (image: runtimev1.Image): Known => this.#known.get(image.id) ?? { firstSeenMs: nowMs, lastUsedMs: nowMs };
    return images.filter((image) => known(image).lastUsedMs < nowMs && !image.pinned)
      .sort((a, b) => known(a).lastUsedMs - known(b).lastUsedMs || known(a).firstSeenMs - known(b).firstSeenMs);
  }

  /** Notes which images are in use now. */
  async #detect(): Promise<runtimev1.Image[]> {
    const { runtime, clock } = this.deps;
    const [images, containers, ofSandboxes] = await Promise.all([runtime.listImages(), runtime.listContainers(), sandboxImage(runtime)]);
    // Without it no pod begins any more, and where it came from may be out of reach.
    const used = new Set([ofSandboxes, ...containers.flatMap((container) => [container.imageRef, container.image?.image ?? '', container.imageId])]);
    const now = clock.now();
    for (const image of images) {
      const known = this.#known.get(image.id) ?? { firstSeenMs: now, lastUsedMs: 0 };
      this.#known.set(image.id, known);
      if ([image.id, ...image.repoTags, ...image.repoDigests].some((name) => used.has(name))) known.lastUsedMs = now;
    }
    const present = new Set(images.map(({ id }) => id));
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
    return images;
  }
}

async function fileSystemUsage(mountpoint: string): Promise<{ capacity: number; available: number }> {
  const { bsize, blocks, bavail } = await statfs(mountpoint);
  return { capacity: bsize * blocks, available: bsize * bavail };
}

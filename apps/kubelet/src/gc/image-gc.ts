import { statfs } from 'node:fs/promises';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { type runtimev1 } from '@navarch/proto';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
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
  readonly events: Pick<EventSink, 'node'>;
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
  #failedBefore = false;

  constructor(private readonly options: ImageGcOptions, private readonly deps: ImageGcDeps) {}

  /** Rejects when that did not go well; the node's events tell of it when it happens again and again. */
  async collect(): Promise<void> {
    // As upstream's StartGarbageCollection: so is it turned off, also for a disk that is wholly full.
    if (this.options.highPercent === 100 && this.options.maxAgeMs === 0) return;
    try {
      await this.#collect();
      this.#failedBefore = false;
    } catch (error) {
      if (this.#failedBefore) this.deps.events.node('Warning', 'ImageGCFailed', errorText(error));
      this.#failedBefore = true;
      throw error;
    }
  }

  async #collect(): Promise<void> {
    const { runtime, events, clock } = this.deps;
    const now = clock.now();
    const images = await this.#removeOld(await this.#detect(), now);
    await this.deps.records.prune(new Set(images.map(({ id }) => id)), now);
    const mountpoint = (await runtime.imageFsInfo()).imageFilesystems[0]?.fsId?.mountpoint;
    if (mountpoint === undefined) throw new Error('imageFs information is unavailable');
    const { capacity, available } = await (this.deps.usage ?? fileSystemUsage)(mountpoint);
    if (capacity === 0) {
      const message = 'invalid capacity 0 on image filesystem';
      events.node('Warning', 'InvalidDiskCapacity', message);
      throw new Error(message);
    }
    if (100 - Math.floor((available * 100) / capacity) < this.options.highPercent) return;
    const freed = await this.#removeAll(
      this.#unused(images, now).filter(({ id }) => now - (this.#known.get(id)?.firstSeenMs ?? now) >= this.options.minAgeMs),
      'space',
      (capacity * (100 - this.options.lowPercent)) / 100 - available,
    );
    if (freed.enough) return;
    const message = `Insufficient free disk space on the node's image filesystem (${100 - Math.floor((available * 100) / capacity)}% of ${readableBytes(capacity)} used). Failed to free sufficient space by deleting unused images (freed ${freed.bytes} bytes). Investigate disk usage, as it could be used by active images, logs, volumes, or other data.`;
    events.node('Warning', 'FreeDiskSpaceFailed', message);
    throw new Error(message);
  }

  /** Removes every image that no container uses: the node has no room left. */
  async removeUnused(): Promise<void> {
    const now = this.deps.clock.now();
    await this.#removeAll(this.#unused(await this.#detect(), now), 'space', Infinity);
  }

  /** In this order, until so many bytes are free. One that cannot be removed keeps no other; rejects in the end. */
  async #removeAll(images: readonly runtimev1.Image[], reason: 'space' | 'age', wantedBytes: number): Promise<{ readonly bytes: number; readonly enough: boolean }> {
    let bytes = 0;
    const errors: unknown[] = [];
    for (const image of images) {
      if (bytes >= wantedBytes) break;
      try {
        await this.#remove(image, reason);
        bytes += Number(image.size);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0 && bytes < wantedBytes) throw new Error(`some images could not be removed: ${errors.map(errorText).join(', ')}`, { cause: errors[0] });
    return { bytes, enough: bytes >= wantedBytes };
  }

  /** Those that are left. What this kubelet has not known for so long it cannot judge: upstream, too, begins anew with each start. */
  async #removeOld(images: readonly runtimev1.Image[], nowMs: number): Promise<readonly runtimev1.Image[]> {
    const { maxAgeMs } = this.options;
    if (maxAgeMs === 0) return images;
    const old = new Set(this.#unused(images, nowMs).filter(({ id }) => {
      const known = this.#known.get(id);
      return known !== undefined && nowMs - Math.max(known.lastUsedMs, known.firstSeenMs) > maxAgeMs;
    }));
    await this.#removeAll([...old], 'age', Infinity);
    return images.filter((image) => !old.has(image));
  }

  async #remove(image: runtimev1.Image, reason: 'space' | 'age'): Promise<void> {
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

/** As upstream's events have it: `99.9 GiB`. */
function readableBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${units[power] ?? ''}`;
}

import { type Clock } from '@navarch/clock';
import { type runtimev1 } from '@navarch/proto';

import { ANNOTATION_PREFIX } from '../runtime/behaviour';
import { imageFilesystem } from '../runtime/image-filesystem';
import { isReference } from '../runtime/image-store';
import type { SimulatedRuntime } from '../runtime/simulated-runtime';
import { nanoseconds, toImage } from '../runtime/to-cri';
import { parseDurationMs } from '../duration';
import { invalidArgument } from '../cri-error';
import type { MethodsOf } from './methods';

/** CRI's ImageService over a simulated runtime. */
export class SimulatedImageService implements MethodsOf<runtimev1.ImageServiceServer> {
  constructor(
    private readonly runtime: SimulatedRuntime,
    private readonly clock: Clock,
  ) {}

  listImages({ filter }: runtimev1.ListImagesRequest): runtimev1.ListImagesResponse {
    const reference = filter?.image?.image ?? '';
    if (reference === '') return { images: this.runtime.images.list().map(toImage) };
    const image = this.runtime.images.get(reference);
    return { images: image ? [toImage(image)] : [] };
  }

  *streamImages(request: runtimev1.StreamImagesRequest): Generator<runtimev1.StreamImagesResponse> {
    yield { images: this.listImages(request).images };
  }

  imageStatus({ image }: runtimev1.ImageStatusRequest): runtimev1.ImageStatusResponse {
    const found = this.runtime.images.get(image?.image ?? '');
    return { image: found && toImage(found), info: {} };
  }

  async pullImage({ image, sandboxConfig }: runtimev1.PullImageRequest, signal: AbortSignal): Promise<runtimev1.PullImageResponse> {
    const reference = image?.image ?? '';
    if (!isReference(reference)) throw invalidArgument('invalid reference format');
    const delayMs = parseDurationMs(sandboxConfig?.annotations[`${ANNOTATION_PREFIX}pull-delay`] ?? '0') ?? 0;
    if (delayMs > 0) await this.clock.sleep(delayMs, signal);
    const pulled = this.runtime.images.pull(reference);
    this.runtime.saveImages();
    return { imageRef: pulled.id };
  }

  removeImage({ image }: runtimev1.RemoveImageRequest): runtimev1.RemoveImageResponse {
    if (this.runtime.images.remove(image?.image ?? '')) this.runtime.saveImages();
    return {};
  }

  imageFsInfo(): runtimev1.ImageFsInfoResponse {
    const images = this.runtime.images.list();
    const usage: runtimev1.FilesystemUsage = {
      timestamp: nanoseconds(this.clock.now()),
      fsId: { mountpoint: imageFilesystem },
      usedBytes: { value: BigInt(images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)) },
      inodesUsed: { value: BigInt(images.length * 100) },
    };
    return { imageFilesystems: [usage], containerFilesystems: [usage] };
  }
}

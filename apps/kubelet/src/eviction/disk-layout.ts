import { stat } from 'node:fs/promises';
import { type runtimev1 } from '@navarch/proto';

/** Where the runtime keeps images, and what containers write; undefined where it does not say. */
export interface RuntimeMounts {
  readonly images: string | undefined;
  readonly containers: string | undefined;
}

/** How the node's own files, images and what containers write are divided between file systems. */
export interface DiskLayout {
  /** Images are not with the node's own files. */
  readonly imagesApart: boolean;
  /** What containers write is not with the images. */
  readonly containersApart: boolean;
}

export function runtimeMounts({ imageFilesystems, containerFilesystems }: runtimev1.ImageFsInfoResponse): RuntimeMounts {
  const images = imageFilesystems[0]?.fsId?.mountpoint;
  return { images, containers: containerFilesystems[0]?.fsId?.mountpoint ?? images };
}

/** Compares devices; rejects where a mount of the runtime cannot be seen from here. */
export async function diskLayout(rootDir: string, { images, containers }: RuntimeMounts): Promise<DiskLayout> {
  const device = async (path: string): Promise<number> => (await stat(path)).dev;
  if (images === undefined) return { imagesApart: false, containersApart: false };
  const [node, image, container] = await Promise.all([device(rootDir), device(images), device(containers ?? images)]);
  return { imagesApart: node !== image, containersApart: image !== container };
}

import { type DiskLayout } from './disk-layout';
import { type SpaceUsage } from './pod-usage';
import { type Signal } from './thresholds';

/** What is on the file system that a signal is of. */
export interface DiskShare {
  /** What containers write in their own layers, and dead containers. */
  readonly layers: boolean;
  /** Logs and emptyDirs. */
  readonly files: boolean;
  readonly images: boolean;
}

/** By how the node is divided, as upstream ranks pods and looks for what can be removed. */
export function diskShare(signal: Signal, { imagesApart, containersApart }: DiskLayout): DiskShare {
  if (!imagesApart) return { layers: true, files: true, images: true };
  const ofImages = signal.startsWith('imagefs');
  if (containersApart) return { layers: !ofImages, files: !ofImages, images: ofImages };
  const ofNode = signal.startsWith('nodefs');
  return { layers: !ofNode, files: ofNode, images: !ofNode };
}

/** What a pod has of it. */
export function shareOf({ diskBytes, layerBytes, inodes, layerInodes }: SpaceUsage, { layers, files }: DiskShare): { readonly bytes: number; readonly inodes: number } {
  return {
    bytes: (layers ? layerBytes : 0) + (files ? diskBytes - layerBytes : 0),
    inodes: (layers ? layerInodes : 0) + (files ? inodes - layerInodes : 0),
  };
}

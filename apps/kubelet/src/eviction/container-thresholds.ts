import { type DiskLayout } from './disk-layout';
import { type Signal, type Threshold } from './thresholds';

const CONTAINER_SIGNALS: ReadonlyMap<Signal, 'available' | 'inodesFree'> = new Map([['containerfs.available', 'available'], ['containerfs.inodesFree', 'inodesFree']]);

export interface ContainerThresholds {
  readonly thresholds: readonly Threshold[];
  /** Thresholds of the flags that are not heeded, in upstream's words. */
  readonly ignored: readonly string[];
}

/**
 * Where containers write has the thresholds of the file system that it is on: that of images if both are apart from the node's own
 * files, else the node's. What flags say of it is overruled (upstream's UpdateContainerFsThresholds in pkg/kubelet/eviction/helpers.go),
 * unless images are with the node and containers are not, where upstream knows none but theirs.
 */
export function withContainerThresholds(thresholds: readonly Threshold[], { imagesApart, containersApart }: DiskLayout): ContainerThresholds {
  const given = thresholds.filter(({ signal }) => CONTAINER_SIGNALS.has(signal));
  const ignored = given.map(({ signal, graceMs }) => `found ${signal} for ${graceMs === 0 ? 'hard' : 'soft'} eviction. ignoring`);
  if (!imagesApart && containersApart) return { thresholds, ignored: [] };
  const from = imagesApart && !containersApart ? 'imagefs' : 'nodefs';
  const copies = [...CONTAINER_SIGNALS].flatMap(([signal, what]) => thresholds.filter((threshold) => threshold.signal === `${from}.${what}`).map((threshold) => ({ ...threshold, signal })));
  return { thresholds: [...thresholds.filter(({ signal }) => !CONTAINER_SIGNALS.has(signal)), ...copies], ignored };
}

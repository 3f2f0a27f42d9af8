import { type corev1 } from '@navarch/api';
import { allContainersOf } from '../pods/pod-spec';
import { plain } from './atomic-writer';

/**
 * Where in a volume others are mounted, below the places at which containers mount it: a volume that containers cannot write has these directories made for it.
 * What is nested in another of them is that one's. Throws for a mount outside of the container. Mirrors getNestedMountpoints of upstream's pkg/volume/util.
 */
export function nestedMountPoints(pod: corev1.Pod, volumeName: string): string[] {
  const points = new Set<string>();
  for (const { volumeMounts = [] } of allContainersOf(pod)) {
    const all = volumeMounts.map(({ mountPath }) => plain(mountPath));
    for (const { mountPath } of volumeMounts.filter(({ name }) => name === volumeName)) {
      const own = plain(mountPath);
      if (own.startsWith('../')) throw new Error(`invalid container mount point ${own}`);
      const below = all.filter((path) => path.startsWith(`${own}/`));
      const outermost = below.filter((path) => !below.some((other) => path.startsWith(`${other}/`)));
      for (const path of outermost) points.add(path.slice(own.length + 1));
    }
  }
  return [...points];
}

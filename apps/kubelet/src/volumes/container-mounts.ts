import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { runtimev1 } from '@navarch/proto';
import { ContainerConfigError } from '../containers/config-error';
import { errorText } from '../error-text';
import { uidOf } from '../pods/pod-spec';
import { mountedPath } from './mounted-path';
import { type Mounter } from './mounter';
import { type PodDirectories } from './pod-directories';
import { isRecursivelyReadOnly } from './recursive-read-only';
import { type ResolvedVolume } from './resolved-volume';

export interface ContainerMountsInput {
  readonly directories: PodDirectories;
  readonly mounter: Mounter;
  readonly log: Logger;
  /** A volume of the pod by its name; throws ContainerConfigError for one that is not there. */
  readonly volume: (name: string) => ResolvedVolume;
  readonly path: (volume: ResolvedVolume) => string;
  /** What the runtime knows a volume's image by. */
  readonly image: (volume: ResolvedVolume) => string;
  readonly environment: ReadonlyMap<string, string>;
  /** The container's runtime can make whole trees read-only. */
  readonly canBeRecursive: boolean;
}

/** How one container sees the volumes that it mounts. Throws ContainerConfigError. */
export async function containerMounts(
  pod: corev1.Pod,
  container: corev1.Container,
  { directories, mounter, log, volume: find, path, image, environment, canBeRecursive }: ContainerMountsInput,
): Promise<runtimev1.Mount[]> {
  const mounts: runtimev1.Mount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const volume = find(mount.name);
    const containerPath = mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`;
    if (volume.source.kind === 'image') {
      mounts.push(runtimev1.Mount.fromPartial({ containerPath, readonly: true, image: { image: image(volume) }, imageSubPath: mount.subPath ?? '' }));
      continue;
    }
    const recursiveReadOnly = isRecursivelyReadOnly(mount, canBeRecursive);
    try {
      mounts.push(
        runtimev1.Mount.fromPartial({
          containerPath,
          hostPath: await mountedPath(path(volume), mount, directories.subPath(uidOf(pod), volume.name, container.name, index), environment, { mounter, log }),
          // What an atomic writer keeps is not to be changed by containers.
          readonly: mount.readOnly === true || volume.readOnly || volume.source.kind === 'inline',
          recursiveReadOnly,
          propagation: propagations[mount.mountPropagation ?? 'None'] ?? runtimev1.MountPropagation.PROPAGATION_PRIVATE,
        }),
      );
    } catch (error) {
      throw new ContainerConfigError(`failed to prepare subPath for volumeMount "${mount.name}" of container "${container.name}": ${errorText(error)}`, {
        cause: error,
      });
    }
  }
  return mounts;
}

const propagations: Record<string, runtimev1.MountPropagation> = {
  None: runtimev1.MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: runtimev1.MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: runtimev1.MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

import { mkdir, stat } from 'node:fs/promises';
import { type corev1 } from '@navarch/api';
import { type EventSink } from '../events/event-sink';
import { type Mounter } from './mounter';
import { type ResolvedVolume } from './resolved-volume';

export interface LocalVolumeDeps {
  readonly mounter: Mounter;
  readonly events: EventSink;
  /** Whether other pods of the node have it, too. */
  readonly isShared: () => boolean;
  readonly giveToGroup: (group: number) => Promise<void>;
}

/** A directory or a disk of the node, at a pod's path. */
export async function prepareLocal(pod: corev1.Pod, { path: from, fsType }: corev1.LocalVolumeSource, path: string, volume: ResolvedVolume, deps: LocalVolumeDeps): Promise<void> {
  const isDevice = (await stat(from)).isBlockDevice();
  if (volume.block) {
    if (!isDevice) throw new Error(`path ${from} is not a block device`);
    return;
  }
  const { mounter } = deps;
  const isNew = await mountOnce(mounter, path, () => (isDevice
    ? mounter.formatAndMount(fsType ?? 'ext4', from, path, [...(volume.readOnly ? ['ro'] : []), ...volume.mountOptions])
    : mounter.bind(from, path, volume.readOnly)));
  const group = pod.spec?.securityContext?.fsGroup;
  if (!isNew || group === undefined || volume.readOnly) return;
  try {
    await share(pod, volume, path, group, deps);
  } catch (error) {
    // The next try is to find it as this one did.
    await mounter.unmount(path);
    throw error;
  }
}

/** It is its first pod's group's: what others of the node use already is not taken from them. */
async function share(pod: corev1.Pod, { specName }: ResolvedVolume, path: string, group: number, { events, isShared, giveToGroup }: LocalVolumeDeps): Promise<void> {
  if (!isShared()) {
    await giveToGroup(group);
    return;
  }
  const { gid } = await stat(path);
  if (gid !== group) events.pod(pod, 'Warning', 'AlreadyMountedVolume', `The requested fsGroup is ${group}, but the volume ${specName} has GID ${gid}. The volume may not be shareable.`);
}

/** Resolves with whether it was not mounted yet. */
export async function mountOnce(mounter: Mounter, path: string, mount: () => Promise<void>): Promise<boolean> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  if ((await mounter.below(path)).includes(path)) return false;
  await mount();
  return true;
}

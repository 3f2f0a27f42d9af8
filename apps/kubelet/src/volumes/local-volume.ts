import { mkdir, rm, stat } from 'node:fs/promises';
import { type corev1 } from '@navarch/api';
import { type EventSink } from '../events/event-sink';
import { exists } from './atomic-writer';
import { type Mounter } from './mounter';
import { writeReady } from './ready-file';
import { type ResolvedVolume } from './resolved-volume';

export interface LocalVolumeDeps {
  readonly mounter: Mounter;
  readonly events: EventSink;
  /** A file that is there once the mount is the pod's: a walk that a kubelet's end has cut short is done again. */
  readonly ready: string;
  /** Whether it is mounted for other pods of the node, too, and theirs. */
  readonly isShared: () => Promise<boolean>;
  readonly giveToGroup: (group: number) => Promise<void>;
}

/** A directory or a disk of the node, at a pod's path. Of one volume, one pod at a time: the first makes it its own. */
export async function prepareLocal(pod: corev1.Pod, { path: from, fsType }: corev1.LocalVolumeSource, path: string, volume: ResolvedVolume, deps: LocalVolumeDeps): Promise<void> {
  const isDevice = (await stat(from)).isBlockDevice();
  if (volume.block) {
    if (!isDevice) throw new Error(`path ${from} is not a block device`);
    return;
  }
  const { mounter, ready } = deps;
  if ((await mounter.below(path)).includes(path)) {
    if (await exists(ready)) return;
  } else {
    // What was ready before the node was started anew is not mounted any more.
    await rm(ready, { force: true });
  }
  await mountOnce(mounter, path, () => (isDevice
    ? mounter.formatAndMount(fsType ?? 'ext4', from, path, [...(volume.readOnly ? ['ro'] : []), ...volume.mountOptions])
    : mounter.bind(from, path, volume.readOnly)));
  const group = pod.spec?.securityContext?.fsGroup;
  if (group !== undefined && !volume.readOnly) await share(pod, volume, path, group, deps);
  await writeReady(ready);
}

/** It is its first pod's group's: what others of the node use already is not taken from them. */
async function share(pod: corev1.Pod, { specName }: ResolvedVolume, path: string, group: number, { events, isShared, giveToGroup }: LocalVolumeDeps): Promise<void> {
  if (!await isShared()) {
    await giveToGroup(group);
    return;
  }
  const { gid } = await stat(path);
  if (gid !== group) events.pod(pod, 'Warning', 'AlreadyMountedVolume', `The requested fsGroup is ${group}, but the volume ${specName} has GID ${gid}. The volume may not be shareable.`);
}

export async function mountOnce(mounter: Mounter, path: string, mount: () => Promise<void>): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o750 });
  if (!(await mounter.below(path)).includes(path)) await mount();
}

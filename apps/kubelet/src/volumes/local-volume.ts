import { type Stats } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { type corev1 } from '@navarch/api';
import { isCode } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { exists } from './atomic-writer';
import { type Mounter } from './mounter';
import { type PodDirectories } from './pod-directories';
import { writeReady } from './ready-file';
import { type ResolvedVolume } from './resolved-volume';
import { VolumeStepError } from './volume-error';

/** Upstream's plug-in name of local volumes, in directories. */
export const localKind = 'local-volume';

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
  const isDevice = (await placeOf(from)).isBlockDevice();
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
  const options = [...(volume.readOnly ? ['ro'] : []), ...volume.mountOptions];
  await mountOnce(mounter, path, () => (isDevice
    ? mounter.formatAndMount(fsType ?? 'ext4', from, path, options)
    : mounter.bind(from, path, options)));
  const group = pod.spec?.securityContext?.fsGroup;
  if (group !== undefined && !volume.readOnly) await share(pod, volume, path, group, deps);
  await writeReady(ready);
}

/** What is there, in upstream's words where it can be no volume. */
async function placeOf(path: string): Promise<Stats> {
  const place = await stat(path).catch((error: unknown) => {
    throw isCode(error, 'ENOENT') ? new VolumeStepError('newMounter', `path "${path}" does not exist`) : error;
  });
  if (!place.isDirectory() && !place.isBlockDevice()) throw new VolumeStepError('newMounter', 'only directory and block device are supported');
  return place;
}

/** Whether pods other than one have a local volume. By what is mounted: a kubelet that has just begun knows of no pods yet. */
export async function isSharedLocal(uid: string, specName: string, { mounter, directories }: { readonly mounter: Mounter; readonly directories: PodDirectories }): Promise<boolean> {
  const mounted = new Set(await mounter.below(directories.pods));
  for (const other of await readdir(directories.pods))
    if (other !== uid && mounted.has(directories.volume(other, localKind, specName)) && await exists(directories.ready(other, localKind, specName))) return true;
  return false;
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

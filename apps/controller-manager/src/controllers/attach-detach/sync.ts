import { createHash } from 'node:crypto';
import type { corev1, storagev1 } from '@navarch/api';

type Volume = corev1.PersistentVolume;
type Attachment = storagev1.VolumeAttachment;

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

export interface ObservedNode {
  readonly nodeName: string;
  readonly node: corev1.Node | undefined;
  /** What a node that is gone had mounted when it went; undefined if nobody saw it go. */
  readonly lastInUse?: readonly string[] | undefined;
  /** Volumes that pods of the node need, with those pods; only such that must be attached. */
  readonly needed: ReadonlyMap<string, { readonly volume: Volume; readonly pods: readonly corev1.Pod[] }>;
  /** Attachments to this node. */
  readonly attachments: readonly Attachment[];
  /** Nodes to which a volume is attached, by the volume's name. */
  readonly nodesOf: (volumeName: string) => readonly string[];
  readonly volume: (name: string) => Volume | undefined;
  /** Since when nobody on the node needs an attachment; undefined if that is new. */
  readonly unneededSince: (attachmentName: string) => number | undefined;
  /** A node that says nothing about its volumes any more is waited for this long before they are taken from it. */
  readonly forceAfterMs: number;
  readonly nowMs: number;
}

export type ForceReason = 'out-of-service' | 'timeout';

export interface Detachment {
  readonly attachment: Attachment;
  /** By which the node's status knows it. */
  readonly inUseAs?: string;
  /** It has been waited for long enough: whether it is mounted is asked no more. */
  readonly isOverdue: boolean;
  /** Why it is taken though the node has not let go of it. */
  readonly forced?: ForceReason;
  /** It was not attached when that was decided, and may be taken only if that is still so. */
  readonly isUnattached?: boolean;
}

export interface AttachPlan {
  readonly attach: readonly Attachment[];
  readonly detach: readonly Detachment[];
  /** Asked for, needed, and not there yet. */
  readonly attaching: readonly { readonly attachment: Attachment; readonly volume: Volume; readonly pods: readonly corev1.Pod[] }[];
  /** Volumes that other nodes still have and that only one may have. */
  readonly blocked: readonly { readonly volume: Volume; readonly pods: readonly corev1.Pod[]; readonly heldBy: readonly string[] }[];
  /** Nobody needs them, but the node still has them mounted. */
  readonly waiting: readonly string[];
  /** In how many milliseconds the first of them has been waited for long enough; undefined if the node must let go of them itself. */
  readonly nextForcedMs?: number;
  /** What the node's status must say. */
  readonly volumesAttached: readonly corev1.AttachedVolume[];
}

const ourName = /^csi-[0-9a-f]{64}$/;

/** The name by which external attachers find it. */
export function attachmentName(volume: Volume, nodeName: string): string {
  const { driver = '', volumeHandle = '' } = volume.spec?.csi ?? {};
  return `csi-${createHash('sha256').update(`${volumeHandle}${driver}${nodeName}`).digest('hex')}`;
}

/** The name by which a node's status knows a volume. */
export function uniqueVolumeName(volume: Volume): string {
  const { driver = '', volumeHandle = '' } = volume.spec?.csi ?? {};
  return `kubernetes.io/csi/${driver}^${volumeHandle}`;
}

/** Whether only one node may have a volume. */
function isExclusive({ spec }: Volume): boolean {
  const modes = spec?.accessModes ?? [];
  return modes.length > 0 && modes.every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod');
}

/** Why a pod must wait for a volume: pods of its own namespace are named, of others only their number is told. */
export function multiAttachError(volumeName: string, pod: corev1.Pod, users: readonly corev1.Pod[]): string {
  const local = users.filter(({ metadata }) => metadata.namespace === pod.metadata.namespace).map(({ metadata }) => metadata.name ?? '');
  const elsewhere = `${users.length - local.length} pod(s) in different namespaces`;
  let why = "already exclusively attached to one node and can't be attached to another";
  if (local.length > 0) why = `already used by pod(s) ${local.join(', ')}${local.length < users.length ? ` and ${elsewhere}` : ''}`;
  else if (users.length > 0) why = `already used by ${elsewhere}`;
  return `Multi-Attach error for volume ${JSON.stringify(volumeName)} Volume is ${why}`;
}

/** What pods are told when no attacher has answered in time. */
export function attachTimeout({ spec }: Volume): string {
  return `timed out waiting for external-attacher of ${spec?.csi?.driver ?? ''} CSI driver to attach volume ${spec?.csi?.volumeHandle ?? ''}`;
}

/** Decides what to attach to a node, and what to take from it. */
export function planAttachments(observed: ObservedNode): AttachPlan {
  const { nodeName, needed, attachments, nodesOf } = observed;
  const attach: Attachment[] = [];
  const attaching = attachments.flatMap((attachment) => {
    const { metadata: { deletionTimestamp }, spec, status } = attachment;
    const wanted = needed.get(spec.source.persistentVolumeName ?? '');
    const isPending = deletionTimestamp === undefined && status?.attached !== true && status?.attachError === undefined;
    return wanted !== undefined && isPending ? [{ attachment, ...wanted }] : [];
  });
  const blocked: { volume: Volume; pods: readonly corev1.Pod[]; heldBy: readonly string[] }[] = [];
  const present = new Set(attachments.map(({ spec }) => spec.source.persistentVolumeName ?? ''));
  // Volumes may be told apart by their names only, when they stand for the same one of a driver's: then they share an attachment.
  const taken = new Set(attachments.map(({ metadata }) => metadata.name));
  for (const [persistentVolumeName, { volume, pods }] of needed) {
    if (present.has(persistentVolumeName)) continue;
    const heldBy = isExclusive(volume) ? nodesOf(persistentVolumeName).filter((other) => other !== nodeName) : [];
    if (heldBy.length > 0) blocked.push({ volume, pods, heldBy });
    else if (!taken.has(attachmentName(volume, nodeName))) attach.push({ metadata: { name: attachmentName(volume, nodeName) }, spec: { attacher: volume.spec?.csi?.driver ?? '', nodeName, source: { persistentVolumeName } } });
  }
  return { attach, attaching, blocked, ...planDetaching(observed) };
}

function planDetaching({ nodeName, node, lastInUse, needed, attachments, volume: volumeNamed, unneededSince, forceAfterMs, nowMs }: ObservedNode): Pick<AttachPlan, 'detach' | 'nextForcedMs' | 'volumesAttached' | 'waiting'> {
  const detach: Detachment[] = [];
  const waiting: string[] = [];
  let nextForcedMs = Infinity;
  const attached: corev1.AttachedVolume[] = [];
  // What became of a node that went unseen nobody knows: it may still write.
  const inUse = node === undefined ? lastInUse : (node.status?.volumesInUse ?? []);
  const neededAs = new Map([...needed.values()].map(({ volume }) => [attachmentName(volume, nodeName), volume]));
  const outOfService = node?.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) === true;
  for (const attachment of attachments) {
    const { metadata: { name = '', deletionTimestamp }, spec, status } = attachment;
    const named = volumeNamed(spec.source.persistentVolumeName ?? '');
    const volume = named ?? neededAs.get(name);
    // Those that others made are theirs. The volume of one of ours may be gone before it.
    const isOurs = volume === undefined ? ourName.test(name) : attachmentName(volume, nodeName) === name;
    const isIdle = isOurs && deletionTimestamp === undefined && !needed.has(spec.source.persistentVolumeName ?? '');
    // It was made for another volume that stands for the same, and will never be attached for that: in its place one is made that will.
    const isHopeless = status?.attached !== true && (status?.attachError !== undefined || named === undefined || named.metadata.deletionTimestamp !== undefined);
    if (isIdle && neededAs.has(name) && isHopeless) {
      detach.push({ attachment, isOverdue: false, isUnattached: true });
      continue;
    }
    const mayGo = isIdle && !neededAs.has(name);
    const inUseAs = volume === undefined ? undefined : uniqueVolumeName(volume);
    const mounted = inUseAs !== undefined && (inUse === undefined || inUse.includes(inUseAs));
    const leftMs = forceAfterMs - (nowMs - (unneededSince(name) ?? nowMs));
    const isOverdue = leftMs <= 0;
    if (mayGo && (!mounted || outOfService || (isOverdue && !isReady(node)))) {
      const forced = mounted ? { forced: outOfService ? ('out-of-service' as const) : ('timeout' as const) } : {};
      detach.push({ attachment, isOverdue: isOverdue || outOfService, ...(inUseAs === undefined ? {} : { inUseAs }), ...forced });
      continue;
    }
    if (mayGo) {
      waiting.push(name);
      if (!isReady(node)) nextForcedMs = Math.min(nextForcedMs, leftMs);
    }
    if (volume !== undefined && status?.attached === true && deletionTimestamp === undefined) attached.push({ name: uniqueVolumeName(volume), devicePath: '' });
  }
  return { detach, waiting, ...(nextForcedMs === Infinity ? {} : { nextForcedMs }), volumesAttached: attached.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

export function isReady(node: corev1.Node | undefined): boolean {
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

import { isClaimForPod, type corev1 } from '@navarch/api';
import { errorText } from '../error-text';
import { nameOf, namespaceOf } from '../pods/pod-spec';
import { usesOf } from './used-volumes';
import { type VolumeObjects } from './volume-objects';

/** A volume of a pod with its claim followed to what it is made of. */
export interface ResolvedVolume {
  /** As the pod calls it. */
  readonly name: string;
  /** As its directory is called: the persistent volume's name where there is one. */
  readonly specName: string;
  /** The source, by the field of the volume or persistent volume that holds it. */
  readonly source: VolumeSource;
  readonly readOnly: boolean;
  /** Shown as a device, not as a file system. */
  readonly block: boolean;
  readonly mountOptions: readonly string[];
  readonly accessModes: readonly string[];
  readonly persistentVolume?: corev1.PersistentVolume;
  readonly claim?: corev1.PersistentVolumeClaim;
}

export type VolumeSource =
  | { readonly kind: 'inline'; readonly volume: corev1.Volume }
  | { readonly kind: 'emptyDir'; readonly emptyDir: corev1.EmptyDirVolumeSource }
  | { readonly kind: 'hostPath'; readonly hostPath: corev1.HostPathVolumeSource }
  | { readonly kind: 'local'; readonly local: corev1.LocalVolumeSource }
  | { readonly kind: 'nfs'; readonly nfs: corev1.NFSVolumeSource }
  | { readonly kind: 'csi'; readonly csi: corev1.CSIPersistentVolumeSource }
  | { readonly kind: 'csiInline'; readonly csi: corev1.CSIVolumeSource }
  | { readonly kind: 'image'; readonly image: corev1.ImageVolumeSource };

/** Follows a volume's claim; throws with upstream's text when it cannot be used. */
export async function resolveVolume(pod: corev1.Pod, volume: corev1.Volume, objects: Pick<VolumeObjects, 'claim' | 'volume'>): Promise<ResolvedVolume> {
  const claimName = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${nameOf(pod)}-${volume.name}` : undefined);
  if (claimName === undefined) {
    return { name: volume.name, specName: volume.name, source: inlineSource(volume), readOnly: volume.csi?.readOnly ?? volume.nfs?.readOnly ?? false, block: false, mountOptions: [], accessModes: [] };
  }
  const namespace = namespaceOf(pod);
  const about = `error processing PVC ${namespace}/${claimName}`;
  const claim = await objects.claim(namespace, claimName).catch((error: unknown) => {
    throw new Error(`${about}: failed to fetch PVC from API server: ${errorText(error)}`, { cause: error });
  });
  const volumeName = claim.spec?.volumeName ?? '';
  if (claim.status?.phase !== 'Bound') throw new Error(`${about}: ${claim.metadata.deletionTimestamp === undefined ? 'PVC is not bound' : 'PVC is being deleted'}`);
  if (volumeName === '') throw new Error(`${about}: PVC has empty pvc.Spec.VolumeName`);
  if (volume.ephemeral && !isClaimForPod(claim, pod)) throw new Error(`PVC ${namespace}/${claimName} was not created for pod ${namespace}/${nameOf(pod)} (pod is not owner)`);
  const persistentVolume = await objects.volume(volumeName).catch((error: unknown) => {
    throw new Error(`${about}: failed to fetch PV ${volumeName} from API server: ${errorText(error)}`, { cause: error });
  });
  const { spec } = persistentVolume;
  const mode = spec?.volumeMode ?? 'Filesystem';
  const { mounted, mapped } = usesOf(pod, volume.name);
  if (mounted && mode !== 'Filesystem') throw new Error(`volume ${volume.name} has volumeMode ${mode}, but is specified in volumeMounts`);
  if (mapped && mode !== 'Block') throw new Error(`volume ${volume.name} has volumeMode ${mode}, but is specified in volumeDevices`);
  if (spec?.claimRef?.uid !== undefined && claim.metadata.uid !== undefined && spec.claimRef.uid !== claim.metadata.uid) throw new Error(`${about}: found PV object ${volumeName} but its pv.Spec.ClaimRef.UID ${spec.claimRef.uid} does not point to claim.UID ${claim.metadata.uid}`);
  return {
    name: volume.name, specName: volumeName, source: persistentSource(persistentVolume), persistentVolume, claim,
    readOnly: volume.persistentVolumeClaim?.readOnly === true || spec?.csi?.readOnly === true || spec?.nfs?.readOnly === true,
    block: mode === 'Block', mountOptions: mountOptionsOf(persistentVolume), accessModes: spec?.accessModes ?? [],
  };
}

function inlineSource(volume: corev1.Volume): VolumeSource {
  const { emptyDir, hostPath, nfs, csi, image } = volume;
  if (emptyDir) return { kind: 'emptyDir', emptyDir };
  if (hostPath) return { kind: 'hostPath', hostPath };
  if (nfs) return { kind: 'nfs', nfs };
  if (csi) return { kind: 'csiInline', csi };
  if (image) return { kind: 'image', image };
  if (volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected) return { kind: 'inline', volume };
  throw new Error(`no volume plugin matched name: ${Object.keys(volume).filter((key) => key !== 'name').join(', ')}`);
}

/** By the old annotation before the field, each once and sorted; a driver is told the field as it is. Mirrors MountOptionFromSpec of upstream's pkg/volume/util. */
function mountOptionsOf({ metadata, spec = {} }: corev1.PersistentVolume): string[] {
  const named = metadata.annotations?.['volume.beta.kubernetes.io/mount-options']?.split(',');
  return spec.csi ? [...spec.mountOptions ?? []] : [...new Set(named ?? spec.mountOptions)].sort();
}

function persistentSource({ metadata, spec = {} }: corev1.PersistentVolume): VolumeSource {
  const { hostPath, local, nfs, csi } = spec;
  if (hostPath) return { kind: 'hostPath', hostPath };
  if (local) return { kind: 'local', local };
  if (nfs) return { kind: 'nfs', nfs };
  if (csi) return { kind: 'csi', csi };
  throw new Error(`no volume plugin matched persistent volume ${metadata.name ?? ''}`);
}

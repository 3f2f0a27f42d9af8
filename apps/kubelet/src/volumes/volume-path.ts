import { type CsiVolumes } from '../csi/csi-volumes';
import { type PodDirectories } from './pod-directories';
import { type ResolvedVolume } from './resolved-volume';

/** Where a volume of a pod is on this node. */
export function volumePath(uid: string, volume: ResolvedVolume, { directories, csi }: { readonly directories: PodDirectories; readonly csi: Pick<CsiVolumes, 'path'> }): string {
  const { source, specName } = volume;
  switch (source.kind) {
    case 'hostPath': return source.hostPath.path;
    case 'emptyDir': return directories.volume(uid, 'empty-dir', specName);
    case 'nfs': return directories.volume(uid, 'nfs', specName);
    case 'local': return volume.block ? source.local.path : directories.volume(uid, 'local-volume', specName);
    case 'csi':
    case 'csiInline': return csi.path(uid, volume);
    case 'image': return '';
    case 'inline':
      if (source.volume.configMap) return directories.volume(uid, 'configmap', specName);
      return directories.memoryVolume(uid, source.volume.secret ? 'secret' : source.volume.downwardAPI ? 'downward-api' : 'projected', specName);
  }
}

import { type VolumeSource } from './resolved-volume';

/** What upstream calls the plug-in of a volume, in metrics: with the driver, where it is one of CSI. */
export function pluginName(source: VolumeSource): string {
  switch (source.kind) {
    case 'csi':
    case 'csiInline': return `kubernetes.io/csi:${source.csi.driver}`;
    case 'emptyDir': return 'kubernetes.io/empty-dir';
    case 'hostPath': return 'kubernetes.io/host-path';
    case 'local': return 'kubernetes.io/local-volume';
    case 'nfs': return 'kubernetes.io/nfs';
    case 'image': return 'kubernetes.io/image';
    case 'inline': {
      const { configMap, secret, downwardAPI } = source.volume;
      return `kubernetes.io/${configMap ? 'configmap' : secret ? 'secret' : downwardAPI ? 'downward-api' : 'projected'}`;
    }
  }
}

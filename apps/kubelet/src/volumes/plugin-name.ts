import { type ResolvedVolume, type VolumeSource } from './resolved-volume';

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

/** How many volumes there are of each plug-in. */
export function countPlugins(all: Iterable<Iterable<ResolvedVolume>>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const volumes of all) for (const { source } of volumes) counts.set(pluginName(source), (counts.get(pluginName(source)) ?? 0) + 1);
  return counts;
}

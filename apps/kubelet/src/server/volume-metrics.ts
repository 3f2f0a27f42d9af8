import { type VolumeStats } from '../node-service/volume-stats';
import { MetricText } from './metric-text';

const families = [
  ['capacity_bytes', 'Capacity in bytes of the volume', 'capacityBytes'],
  ['available_bytes', 'Number of available bytes in the volume', 'availableBytes'],
  ['used_bytes', 'Number of used bytes in the volume', 'usedBytes'],
  ['inodes', 'Maximum number of inodes in the volume', 'inodes'],
  ['inodes_free', 'Number of free inodes in the volume', 'inodesFree'],
  ['inodes_used', 'Number of used inodes in the volume', 'inodesUsed'],
] as const;

/** What claims hold, in upstream's kubelet_volume_stats_*: once for each claim, however many pods use it. */
export function volumeMetrics(volumes: readonly VolumeStats[]): string {
  const claims = new Map(volumes.flatMap((stats) => (stats.pvcRef ? [[`${stats.pvcRef.namespace}/${stats.pvcRef.name}`, { ...stats, pvcRef: stats.pvcRef }] as const] : [])));
  if (claims.size === 0) return '';
  const text = new MetricText();
  for (const [name, help, field] of families) {
    const family = text.gauge(`kubelet_volume_stats_${name}`, help);
    for (const stats of claims.values()) family.add({ namespace: stats.pvcRef.namespace, persistentvolumeclaim: stats.pvcRef.name }, stats[field]);
  }
  return text.toString();
}

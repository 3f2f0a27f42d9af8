import type { corev1, storagev1 } from '@navarch/api';
import { Counter, Gauge, type Registry } from 'prom-client';

export interface AttachmentFacts {
  /** Volumes that pods need on nodes, once for each node, and how many pods of that do. */
  readonly wanted: () => Iterable<{ readonly node: string; readonly volume: corev1.PersistentVolume; readonly users: number }>;
  readonly attachments: () => readonly storagev1.VolumeAttachment[];
}

const pluginOf = (driver: string): string => `kubernetes.io/csi:${driver}`;

/** Metrics by upstream's names (pkg/controller/volume/attachdetach/metrics). Answers what counts volumes that are taken from a node by force. */
export function attachmentMetrics(registry: Registry, { wanted, attachments }: AttachmentFacts): (reason: 'out-of-service' | 'timeout') => void {
  const registers = [registry];
  new Gauge({
    name: 'attachdetach_controller_total_volumes', help: 'Number of volumes in A/D Controller', labelNames: ['plugin_name', 'state'], registers,
    collect() {
      this.reset();
      for (const { volume } of wanted()) this.inc({ plugin_name: pluginOf(volume.spec?.csi?.driver ?? ''), state: 'desired_state_of_world' });
      for (const { spec } of attachments()) this.inc({ plugin_name: pluginOf(spec.attacher), state: 'actual_state_of_world' });
    },
  });
  new Gauge({
    name: 'storage_count_attachable_volumes_in_use', help: 'Measure number of volumes in use', labelNames: ['node', 'volume_plugin'], registers,
    collect() {
      this.reset();
      for (const { node, volume, users } of wanted()) this.inc({ node, volume_plugin: pluginOf(volume.spec?.csi?.driver ?? '') }, users);
    },
  });
  const forced = new Counter({ name: 'attach_detach_controller_attachdetach_controller_forced_detaches', help: 'Number of times the A/D Controller performed a forced detach', labelNames: ['reason'], registers });
  return (reason) => forced.inc({ reason });
}

import type { corev1 } from '../../gen';
import { entries } from '../../support/list';
import { type Loose } from '../../support/loose';
import { defaultPodTemplate } from '../pod/defaults';

/** Selector and labels default to those of the template: the later workloads ask for a selector instead. */
export function defaultReplicationController(controller: Loose<corev1.ReplicationController>): void {
  const spec = (controller.spec ??= {});
  const metadata = (controller.metadata ??= {});
  (controller.status ??= {}).replicas ??= 0;
  const labels = spec.template?.metadata?.labels;
  if (labels) {
    if (entries(spec.selector).length === 0) spec.selector = { ...labels };
    if (entries(metadata.labels).length === 0) metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  defaultPodTemplate(spec.template);
}

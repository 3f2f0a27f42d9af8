import type { appsv1, corev1 } from '@navarch/api';
import { matchesNodeSelection, tolerates } from '@navarch/scheduling';
import { daemonTolerations } from './daemon-pod';

export interface Fit {
  /** A pod should be made here. */
  readonly run: boolean;
  /** One that is here may stay. */
  readonly stay: boolean;
}

const nowhere: Fit = { run: false, stay: false };

// Objects in caches do not change, and a large cluster asks about the same nodes again with every pod that comes up.
const known = new WeakMap<appsv1.DaemonSet, WeakMap<corev1.Node, Fit>>();

/** Whether a node is one for the DaemonSet: by name, selector, affinity and taints; how full it is does not matter. */
export function nodeFit(daemonSet: appsv1.DaemonSet, node: corev1.Node): Fit {
  const fits = known.get(daemonSet) ?? new WeakMap<corev1.Node, Fit>();
  known.set(daemonSet, fits);
  const fit = fits.get(node) ?? judge(daemonSet, node);
  fits.set(node, fit);
  return fit;
}

function judge({ spec }: appsv1.DaemonSet, node: corev1.Node): Fit {
  const podSpec = spec?.template.spec ?? { containers: [] };
  const { name = '' } = node.metadata;
  if (podSpec.nodeName !== undefined && podSpec.nodeName !== '' && podSpec.nodeName !== name) return nowhere;
  if (!matchesNodeSelection(podSpec, { name, labels: node.metadata.labels ?? {} })) return nowhere;
  const tolerations = daemonTolerations(podSpec);
  const refused = (node.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule').filter((taint) => !tolerates(tolerations, taint));
  return { run: refused.length === 0, stay: refused.every(({ effect }) => effect !== 'NoExecute') };
}

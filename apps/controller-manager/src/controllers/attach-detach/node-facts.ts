import type { corev1 } from '@navarch/api';
import { canonicalJson } from '@navarch/reconcile';
import { isReady } from './sync';

/** Nodes whose kubelets attach volumes themselves lack it. */
const MANAGED = 'volumes.kubernetes.io/controller-managed-attach-detach';
const KEEPS_ENDED = 'volumes.kubernetes.io/keep-terminated-pod-volumes';

export const isManaged = ({ metadata }: corev1.Node): boolean => metadata.annotations?.[MANAGED] !== undefined;

/** Whether a node's kubelet keeps the volumes of pods that have ended. */
export const keepsEnded = (node: corev1.Node | undefined): boolean => node?.metadata.annotations?.[KEEPS_ENDED] === 'true';

/** What of a node decides about its volumes. */
export function whatMatters(node: corev1.Node): string {
  const { status, spec } = node;
  return canonicalJson([isManaged(node), keepsEnded(node), status?.volumesInUse, status?.volumesAttached, spec?.taints, isReady(node)]);
}

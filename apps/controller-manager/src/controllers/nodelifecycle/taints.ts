import type { corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { nodeCondition, NOT_READY, readiness, UNREACHABLE } from '../../nodes';

/** Which taint a condition of that value stands for. */
const BY_CONDITION: readonly (readonly [type: string, status: string, taint: string])[] = [
  ['Ready', 'False', NOT_READY],
  ['Ready', 'Unknown', UNREACHABLE],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['NetworkUnavailable', 'True', 'node.kubernetes.io/network-unavailable'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
];
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';
const SCHEDULING_KEYS = new Set([...BY_CONDITION.map(([, , key]) => key), UNSCHEDULABLE]);
const EXECUTION_KEYS = new Set([NOT_READY, UNREACHABLE]);

export interface TaintPlan {
  /** All taints of the node as they should be now; undefined: as they are. */
  readonly taints: readonly corev1.Taint[] | undefined;
  /** The taint that would empty the node, when it is due but was not allowed yet. */
  readonly pending: string | undefined;
}

/**
 * Decides a node's taints by its conditions. Those that keep pods away follow at once; that which drives pods out is
 * set only if `mayEvict`, and taken back at once. `spare` takes it back from all: the fault is more likely ours.
 */
export function planTaints(node: corev1.Node, { mayEvict, spare, nowMs }: { mayEvict: boolean; spare: boolean; nowMs: number }): TaintPlan {
  const before = node.spec?.taints ?? [];
  const scheduling = new Set(BY_CONDITION.filter(([type, status]) => nodeCondition(node, type)?.status === status).map(([, , key]) => key));
  if (node.spec?.unschedulable === true) scheduling.add(UNSCHEDULABLE);
  const state = nodeCondition(node, 'Ready') === undefined ? 'True' : readiness(node);
  const due = spare || state === 'True' ? undefined : state === 'False' ? NOT_READY : UNREACHABLE;
  const has = (key: string, effect: string): boolean => before.some((taint) => taint.key === key && taint.effect === effect);
  const isEvicting = [...EXECUTION_KEYS].some((key) => has(key, 'NoExecute'));
  // A node that is being emptied may change from one reason to the other without another leave.
  const execution = due !== undefined && (mayEvict || isEvicting) ? due : undefined;
  const kept = before.filter(({ key, effect }) => {
    if (effect === 'NoSchedule' && SCHEDULING_KEYS.has(key)) return scheduling.has(key);
    return effect !== 'NoExecute' || !EXECUTION_KEYS.has(key) || key === execution;
  });
  const timeAdded = formatTime(nowMs);
  const added: corev1.Taint[] = [...scheduling].filter((key) => !has(key, 'NoSchedule')).map((key) => ({ key, effect: 'NoSchedule', timeAdded }));
  if (execution !== undefined && !has(execution, 'NoExecute')) added.push({ key: execution, effect: 'NoExecute', timeAdded });
  return {
    taints: added.length === 0 && kept.length === before.length ? undefined : [...kept, ...added],
    pending: due !== undefined && execution === undefined ? due : undefined,
  };
}

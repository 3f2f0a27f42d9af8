import type { coordinationv1, corev1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { nodeCondition, readiness } from '../../nodes';

/** What only a living kubelet says; conditions of others stay as they are. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** What is remembered of a node from one look to the next. */
export interface HealthRecord {
  readonly heartbeat: string;
  readonly renewal: string;
  /** When, by our own clock, a sign of life was last seen: clocks of nodes may be wrong. */
  readonly seenMs: number;
  readonly readiness: string;
}

export interface Grace {
  readonly startupMs: number;
  readonly runningMs: number;
}

/** Notes signs of life: a renewed Lease, or a new heartbeat in the status. */
export function noteSigns(record: HealthRecord | undefined, node: corev1.Node, lease: coordinationv1.Lease | undefined, nowMs: number): HealthRecord {
  const heartbeat = nodeCondition(node, 'Ready')?.lastHeartbeatTime ?? '';
  const renewal = lease?.spec?.renewTime ?? '';
  const isNews = record === undefined || heartbeat !== record.heartbeat || renewal !== record.renewal;
  return { heartbeat, renewal, seenMs: isNews ? nowMs : record.seenMs, readiness: readiness(node) };
}

/** Whether a node has been silent for too long. A new one gets more time than one that has spoken. */
export function isSilent(record: HealthRecord, node: corev1.Node, nowMs: number, grace: Grace): boolean {
  const allowedMs = nodeCondition(node, 'Ready') === undefined ? grace.startupMs : grace.runningMs;
  return nowMs > record.seenMs + allowedMs;
}

/** The conditions of a silent node, or undefined if they say so already. */
export function silentConditions(node: corev1.Node, nowMs: number): corev1.NodeCondition[] | undefined {
  const now = formatTime(nowMs);
  const before = node.status?.conditions ?? [];
  const isStale = ({ type, status }: corev1.NodeCondition): boolean => KUBELET_CONDITIONS.includes(type) && status !== 'Unknown';
  const missing = KUBELET_CONDITIONS.filter((type) => !before.some((condition) => condition.type === type));
  if (missing.length === 0 && !before.some(isStale)) return undefined;
  const stopped = { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastTransitionTime: now };
  const never = {
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastTransitionTime: now,
    lastHeartbeatTime: node.metadata.creationTimestamp ?? now,
  };
  return [...before.map((condition) => (isStale(condition) ? { ...condition, ...stopped } : condition)), ...missing.map((type) => ({ type, ...never }))];
}

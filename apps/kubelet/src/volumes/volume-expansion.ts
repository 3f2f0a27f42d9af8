import { type corev1 } from '@navarch/api';
import { wholeValue } from '../quantities';

const storage = 'storage';
/** What a claim says while it grows: done, none of it is left. */
const growing = new Set(['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError']);
const infeasible = 'NodeResizeInfeasible';

/** The size that a volume's file system is still to be grown to, where the node has a part in that; undefined when it has none left. */
export function pendingExpansion(volume: corev1.PersistentVolume, claim: corev1.PersistentVolumeClaim): string | undefined {
  const wanted = volume.spec?.capacity?.[storage];
  const has = claim.status?.capacity?.[storage];
  if (wanted === undefined || has === undefined || claim.status?.allocatedResourceStatuses?.[storage] === infeasible) return undefined;
  return wholeValue(has) < wholeValue(wanted) ? wanted : undefined;
}

/** The size to which another node has grown a volume that this one has, too, and still has smaller. */
export function grownElsewhere(volume: corev1.PersistentVolume, claim: corev1.PersistentVolumeClaim, here: string | undefined): string | undefined {
  const [is, said] = [volume.spec?.capacity?.[storage], claim.status?.capacity?.[storage]];
  if (is === undefined || said === undefined || here === undefined || claim.status?.allocatedResourceStatuses?.[storage] !== undefined) return undefined;
  return wholeValue(said) >= wholeValue(is) && wholeValue(here) < wholeValue(is) ? is : undefined;
}

/** The claim's status once its file system has grown. */
export function expandedClaim(claim: corev1.PersistentVolumeClaim, capacity: string): corev1.PersistentVolumeClaim {
  const { conditions, allocatedResourceStatuses, ...status } = claim.status ?? {};
  const left = Object.fromEntries(Object.entries(allocatedResourceStatuses ?? {}).filter(([name]) => name !== storage));
  return {
    ...claim,
    status: {
      ...status, capacity: { ...status.capacity, [storage]: capacity }, conditions: (conditions ?? []).filter(({ type }) => !growing.has(type)),
      ...(Object.keys(left).length > 0 ? { allocatedResourceStatuses: left } : {}),
    },
  };
}

/** The claim's status after a failure: `final` when trying again cannot help. */
export function failedClaim(claim: corev1.PersistentVolumeClaim, message: string, final: boolean, now: string): corev1.PersistentVolumeClaim {
  const { conditions = [], allocatedResourceStatuses, ...status } = claim.status ?? {};
  const before = conditions.find(({ type }) => type === 'NodeResizeError');
  return {
    ...claim,
    status: {
      ...status, conditions: [...conditions.filter(({ type }) => type !== 'NodeResizeError'), { type: 'NodeResizeError', status: 'True', message, lastTransitionTime: before?.lastTransitionTime ?? now }],
      allocatedResourceStatuses: { ...allocatedResourceStatuses, ...(final ? { [storage]: infeasible } : {}) },
    },
  };
}

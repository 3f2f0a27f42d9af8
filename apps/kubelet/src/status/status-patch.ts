import { type corev1 } from '@navarch/api';
import { canonicallyEqual } from '../canonical-json';
import { sameStrings } from '../same-strings';
import { resizeConditionTypes } from '../pods/resize-conditions';

/** Conditions that belong to the kubelet; others in a pod's status are left alone. */
const ownConditions = new Set(['PodScheduled', 'PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'AllContainersRestarting', ...resizeConditionTypes, 'DisruptionTarget']);

/** Fields that the API server or other components put there. */
const othersFields = ['nominatedNodeName', 'resize', 'resourceClaimStatuses', 'extendedResourceClaimStatus', 'nodeAllocatableResourceClaimStatuses'] as const;

type Json = Record<string, unknown>;

/** Whether a newer object of a pod says nothing new to its kubelet but what may be an echo of its own status. */
export function isOwnNews(before: corev1.Pod, after: corev1.Pod): boolean {
  return (
    sameLabels(before, after) &&
    canonicallyEqual(withoutVersion(before), withoutVersion(after)) &&
    canonicallyEqual(before.spec, after.spec) &&
    canonicallyEqual(ofOthers(before.status), ofOthers(after.status))
  );
}

/** Whether two objects have the same labels and annotations. */
export function sameLabels({ metadata: before }: corev1.Pod, { metadata: after }: corev1.Pod): boolean {
  return sameStrings(before.labels, after.labels) && sameStrings(before.annotations, after.annotations);
}

/** Its managers change with every status. */
function withoutVersion({ metadata }: corev1.Pod): corev1.Pod['metadata'] {
  const { resourceVersion: _version, managedFields: _managers, ...rest } = metadata;
  return rest;
}

/** Also that a pod is to make room: whoever evicts it says so. */
function ofOthers(status: corev1.PodStatus = {}): object {
  return { conditions: status.conditions?.filter(({ type }) => !ownConditions.has(type) || type === 'DisruptionTarget'), fields: othersFields.map((field) => (status as Json)[field]) };
}

/** A strategic merge patch from one status to another, without what others own; undefined when nothing changes. */
export function podStatusPatch(from: corev1.PodStatus, to: corev1.PodStatus): Json | undefined {
  const patch: Json = {};
  const { conditions: fromConditions = [], podIPs: fromPodIPs = [], hostIPs: fromHostIPs = [], ...fromRest } = from;
  const { conditions: toConditions = [], podIPs: toPodIPs = [], hostIPs: toHostIPs = [], ...toRest } = to;
  diffFields(fromRest, toRest, patch);
  // Not the kubelet's to take away.
  for (const key of othersFields) {
    if (patch[key] === null) delete patch[key];
  }
  const conditions = conditionsPatch(fromConditions, toConditions, (type) => ownConditions.has(type) || !fromConditions.some((condition) => condition.type === type));
  for (const { type } of fromConditions) {
    if (resizeConditionTypes.has(type) && !toConditions.some((condition) => condition.type === type)) conditions.push({ $patch: 'delete', type });
  }
  if (conditions.length > 0) patch['conditions'] = conditions;
  addressesPatch('podIPs', fromPodIPs, toPodIPs, patch);
  // A node that comes again may have another address.
  addressesPatch('hostIPs', fromHostIPs, toHostIPs, patch);
  return Object.keys(patch).length === 0 ? undefined : patch;
}

interface Address {
  readonly ip: string;
}

/** Lists that the API server merges by address: what is gone must be named. The first of several is the one that stands alone too: their order is told. */
function addressesPatch(field: 'podIPs' | 'hostIPs', from: readonly Address[], to: readonly Address[], into: Json): void {
  if (JSON.stringify(from) === JSON.stringify(to)) return;
  const gone = from.filter(({ ip }) => !to.some((other) => other.ip === ip));
  into[field] = [...to, ...gone.map(({ ip }) => ({ $patch: 'delete', ip }))];
  if (to.length > 1) into[`$setElementOrder/${field}`] = to.map(({ ip }) => ({ ip }));
}

/** Changed conditions by type, with null for fields that went away. */
export function conditionsPatch<T extends { type: string }>(from: readonly T[], to: readonly T[], isOwn: (type: string) => boolean): Json[] {
  return to.filter(({ type }) => isOwn(type)).flatMap((condition) => {
    const changes: Json = {};
    diffFields(from.find(({ type }) => type === condition.type) ?? {}, condition, changes);
    return Object.keys(changes).length === 0 ? [] : [{ ...changes, type: condition.type }];
  });
}

/** Field by field: what differs is replaced, what is gone is null. */
export function diffFields(before: object, after: object, into: Json): void {
  const from = before as Json;
  const to = after as Json;
  for (const [key, value] of Object.entries(to)) {
    if (!canonicallyEqual(from[key], value)) into[key] = value;
  }
  for (const key of Object.keys(from)) if (to[key] === undefined && from[key] !== undefined) into[key] = null;
}

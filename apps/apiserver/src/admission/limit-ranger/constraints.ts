import { podAmounts, parseAmounts, type Amounts, type corev1 } from '@navarch/api';
import { compareQuantities, formatQuantity, type Quantity } from '@navarch/apimachinery';

interface Measured {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

const above = (a: Quantity, b: Quantity): boolean => compareQuantities(a, b) > 0;

function minimum(type: string, name: string, least: Quantity, { requests, limits }: Measured): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const rule = `minimum ${name} usage per ${type} is ${formatQuantity(least)}`;
  if (request === undefined) return `${rule}.  No request is specified`;
  if (above(least, request)) return `${rule}, but request is ${formatQuantity(request)}`;
  return limit !== undefined && above(least, limit) ? `${rule}, but limit is ${formatQuantity(limit)}` : undefined;
}

function maximum(type: string, name: string, most: Quantity, { requests, limits }: Measured): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const rule = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (above(limit, most)) return `${rule}, but limit is ${formatQuantity(limit)}`;
  return request !== undefined && above(request, most) ? `${rule}, but request is ${formatQuantity(request)}` : undefined;
}

/** Claims have requests only. */
function maximumRequest(type: string, name: string, most: Quantity, { requests }: Measured): string | undefined {
  const request = requests.get(name);
  const rule = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  if (request === undefined) return `${rule}.  No request is specified`;
  return above(request, most) ? `${rule}, but request is ${formatQuantity(request)}` : undefined;
}

function ratio(type: string, name: string, most: Quantity, { requests, limits }: Measured): string | undefined {
  const [request, limit] = [requests.get(name), limits.get(name)];
  const rule = `${name} max limit to request ratio per ${type} is ${formatQuantity(most)}`;
  if (request === undefined || request.nanos === 0n) return `${rule}, but no request is specified or request is 0`;
  if (limit === undefined || limit.nanos === 0n) return `${rule}, but no limit is specified or limit is 0`;
  const found = Number(limit.nanos) / Number(request.nanos);
  return found * 1_000_000_000 > Number(most.nanos) ? `${rule}, but provided ratio is ${found.toFixed(6)}` : undefined;
}

function faults(item: corev1.LimitRangeItem, measured: Measured, isClaim: boolean): string[] {
  const { type } = item;
  const each = (limits: Readonly<Record<string, string>> | undefined, check: typeof minimum): string[] =>
    [...parseAmounts(limits)].flatMap(([name, quantity]) => check(type, name, quantity, measured) ?? []);
  if (isClaim) return [...each(item.min, minimum), ...each(item.max, maximumRequest)];
  return [...each(item.min, minimum), ...each(item.max, maximum), ...each(item.maxLimitRequestRatio, ratio)];
}

const ofContainer = ({ resources }: corev1.Container): Measured => ({ requests: parseAmounts(resources?.requests), limits: parseAmounts(resources?.limits) });

/** What the pod's own containers come to: the overhead of its runtime is none of the user's doing. */
function ofPod(pod: corev1.Pod): Measured {
  const own: corev1.Pod = { ...pod, spec: { ...(pod.spec ?? { containers: [] }), overhead: {} } };
  return { requests: podAmounts(own, 'requests'), limits: podAmounts(own, 'limits') };
}

/** Where a pod breaks a LimitRange. */
export function podFaults(pod: corev1.Pod, { spec }: corev1.LimitRange): string[] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  return (spec?.limits ?? []).flatMap((item) => {
    if (item.type === 'Container') return containers.flatMap((container) => faults(item, ofContainer(container), false));
    return item.type === 'Pod' ? faults(item, ofPod(pod), false) : [];
  });
}

/** Where a claim breaks a LimitRange. */
export function claimFaults(claim: corev1.PersistentVolumeClaim, { spec }: corev1.LimitRange): string[] {
  const measured = { requests: parseAmounts(claim.spec?.resources?.requests), limits: parseAmounts(undefined) };
  return (spec?.limits ?? []).flatMap((item) => (item.type === 'PersistentVolumeClaim' ? faults(item, measured, true) : []));
}

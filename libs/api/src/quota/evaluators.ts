import { quantityOf } from '@navarch/apimachinery';
import type { corev1 } from '../gen';
import type { KubeObject } from '../kube-object';
import { type Amounts, addAmounts, maskAmounts, parseAmounts } from './amounts';
import { deviceClaimEvaluator, noDeviceObjects, type DeviceObjects } from './device-claim-evaluator';
import type { QuotaEvaluator } from './evaluator';
import { podEvaluator } from './pod-evaluator';
import { scopesOf } from './scopes';
import { serviceEvaluator } from './service-evaluator';
import { persistentVolumeClaimEvaluator } from './volume-claim-evaluator';

const own: readonly QuotaEvaluator[] = [podEvaluator, serviceEvaluator, persistentVolumeClaimEvaluator];
/** Counted by their plain name too, as they were before there was `count/`. */
const plainNames = new Set(['configmaps', 'replicationcontrollers', 'resourcequotas', 'secrets']);

/** What a quota must know of a resource; of most it is their number alone. @param objects without them, devices are counted by their class only */
export function quotaEvaluatorFor({ group, resource }: { readonly group: string; readonly resource: string }, objects: DeviceObjects = noDeviceObjects): QuotaEvaluator {
  if (group === 'resource.k8s.io' && resource === 'resourceclaims') return deviceClaimEvaluator(objects);
  const special = own.find((evaluator) => evaluator.group === group && evaluator.resource === resource);
  if (special !== undefined) return special;
  const names = [`count/${resource}${group === '' ? '' : `.${group}`}`, ...(group === '' && plainNames.has(resource) ? [resource] : [])];
  return {
    group, resource, chargesUpdates: false, admitsUpdate: () => false, changesScope: () => false,
    counts: (name) => names.includes(name), matchesScope: () => false, usage: () => new Map(names.map((name) => [name, quantityOf(1)])),
  };
}

/** Names of a quota's hard limits that are about this resource. */
export function countedNames(hard: Amounts, evaluator: QuotaEvaluator): string[] {
  return [...hard.keys()].filter((name) => evaluator.counts(name));
}

/** Whether an object fulfils every scope of a quota. */
export function inScope(quota: corev1.ResourceQuota, evaluator: QuotaEvaluator, object: KubeObject): boolean {
  return scopesOf(quota.spec ?? {}).every((scope) => evaluator.matchesScope(scope, object));
}

/** What a quota's objects of one resource cost together, by those names of its hard limits that are about it. */
export function usageOf(quota: corev1.ResourceQuota, evaluator: QuotaEvaluator, objects: readonly KubeObject[], nowMs: number): Amounts {
  const names = countedNames(parseAmounts(quota.spec?.hard), evaluator);
  let total: Amounts = new Map(names.map((name) => [name, quantityOf(0)]));
  for (const object of objects) if (inScope(quota, evaluator, object)) total = addAmounts(total, maskAmounts(evaluator.usage(object, nowMs), names));
  return total;
}

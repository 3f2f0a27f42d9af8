import { compareQuantities, fieldErrors, FieldPath, formatQuantity, type Quantity } from '@navarch/apimachinery';
import type { corev1 } from '../gen';
import { entries, list } from '../support/list';
import { type Loose } from '../support/loose';
import { omit } from '../support/omit';
import { readQuantity } from '../support/quantity';
import { semanticEqual } from '../support/semantic-equal';
import { contentRules } from '../validation/kind-validation';
import { type Findings, immutableFinding, qualifiedName, sorted } from '../validation/rules';
import { containerResourceName, isOvercommitAllowed, isStandardResource, resourceAmount, resourceName } from './pod/validation/resources';

type Quota = Loose<corev1.ResourceQuota>;
type Item = Loose<corev1.LimitRangeItem>;

const specPath = FieldPath.of('spec');
const scopes = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating', 'VolumeAttributesClass'];

/** Storage itself is nothing that a namespace could have much of: what claims request of it is. */
const isQuotaResource = (name: string): boolean => name !== 'storage' && isStandardResource(name);

function amounts(resources: Loose<Record<string, string>> | undefined, path: FieldPath, found: Findings): void {
  for (const [name, text] of entries(resources)) {
    resourceName(name, path.key(name), found);
    if (!name.includes('/') && !isQuotaResource(name)) found.push(fieldErrors.invalid(path.key(name), name, 'must be a standard resource for quota'));
    resourceAmount(name, text, path.key(name), found);
  }
}

const computed = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const oneWay = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const mustExist =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

/** What a quota limits of Kubernetes' own resources, in order. */
const limited = (hard: Loose<Record<string, string>> | undefined): string[] => sorted(Object.keys(hard ?? {}).filter(isStandardResource));

/** Whether objects in a scope have a resource at all. */
function appliesTo(scope: string, resource: string): boolean {
  if (!scopes.includes(scope)) return true;
  if (scope === 'VolumeAttributesClass') return resource === 'persistentvolumeclaims' || resource === 'requests.storage';
  return resource === 'pods' || (scope !== 'BestEffort' && computed.includes(resource));
}

function validateScopes({ scopes: given, scopeSelector, hard }: Loose<corev1.ResourceQuotaSpec>, found: Findings): void {
  const all = list(given);
  const path = specPath.child('scopes');
  for (const scope of all) {
    if (!scopes.includes(scope)) found.push(fieldErrors.invalid(path, all, 'unsupported scope'));
    for (const name of limited(hard)) if (!appliesTo(scope, name)) found.push(fieldErrors.invalid(path, all, 'unsupported scope applied to resource'));
  }
  for (const [one, other] of [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']] as const)
    if (all.includes(one) && all.includes(other)) found.push(fieldErrors.invalid(specPath.child('scopes'), all, 'conflicting scopes'));
  // Upstream names the list, not its elements.
  const at = specPath.child('scopeSelector', 'matchExpressions');
  list(scopeSelector?.matchExpressions).forEach(({ scopeName = '', operator, values }) => {
    if (!scopes.includes(scopeName)) found.push(fieldErrors.invalid(at.child('scopeName'), scopeName, 'unsupported scope'));
    for (const name of limited(hard)) if (!appliesTo(scopeName, name)) found.push(fieldErrors.invalid(at, scopeSelector, 'unsupported scope applied to resource'));
    if (oneWay.includes(scopeName) && operator !== 'Exists') found.push(fieldErrors.invalid(at.child('operator'), operator ?? '', mustExist));
    const count = list(values).length;
    if (operator === 'In' || operator === 'NotIn') {
      if (count === 0) found.push(fieldErrors.required(at.child('values'), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (count !== 0) found.push(fieldErrors.invalid(at.child('values'), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
    } else found.push(fieldErrors.invalid(at.child('operator'), operator ?? '', 'not a valid selector operator'));
  });
}

export const resourceQuotaValidation = contentRules<Quota>({
  content({ spec = {} }) {
    const found: Findings = [];
    amounts(spec.hard, specPath.child('hard'), found);
    validateScopes(spec, found);
    return found;
  },
  change({ spec }, { spec: old }) {
    return semanticEqual(sorted(new Set(list(spec?.scopes))), sorted(new Set(list(old?.scopes)))) ? [] : [immutableFinding(spec?.scopes, specPath.child('scopes'))];
  },
  status({ status }) {
    const found: Findings = [];
    amounts(status?.hard, FieldPath.of('status', 'hard'), found);
    amounts(status?.used, FieldPath.of('status', 'used'), found);
    return found;
  },
});

const itemTypes = ['Container', 'PersistentVolumeClaim', 'Pod'];
const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

/** A limit can be no more times its request than the largest of one is the smallest of the other. */
function validateRatio(ratio: Quantity, min: Quantity, max: Quantity, path: FieldPath, found: Findings): void {
  const most = Number(max.nanos) / Number(min.nanos);
  const shown = formatQuantity(ratio);
  if (Number(ratio.nanos) / 1e9 > most) found.push(fieldErrors.invalid(path, shown, `ratio ${shown} is greater than max/min = ${most.toFixed(6)}`));
}

/** Bounds of one resource must not contradict each other. */
function validateBounds(item: Item, name: string, path: FieldPath, found: Findings): void {
  const [max, min, limit, request, ratio] = lists.map((field) => readQuantity(item[field]?.[name]));
  const show = (quantity: NonNullable<typeof max>): string => formatQuantity(quantity);
  if (min && max && compareQuantities(min, max) > 0)
    found.push(fieldErrors.invalid(path.child('min').key(name), show(min), `min value ${show(min)} is greater than max value ${show(max)}`));
  if (request && min && compareQuantities(min, request) > 0)
    found.push(fieldErrors.invalid(path.child('defaultRequest').key(name), show(request), `min value ${show(min)} is greater than default request value ${show(request)}`));
  if (request && max && compareQuantities(request, max) > 0)
    found.push(fieldErrors.invalid(path.child('defaultRequest').key(name), show(request), `default request value ${show(request)} is greater than max value ${show(max)}`));
  if (request && limit && compareQuantities(request, limit) > 0)
    found.push(fieldErrors.invalid(path.child('defaultRequest').key(name), show(request), `default request value ${show(request)} is greater than default limit value ${show(limit)}`));
  if (limit && min && compareQuantities(min, limit) > 0)
    found.push(fieldErrors.invalid(path.child('default').key(name), show(min), `min value ${show(min)} is greater than default value ${show(limit)}`));
  if (limit && max && compareQuantities(limit, max) > 0)
    found.push(fieldErrors.invalid(path.child('default').key(name), show(max), `default value ${show(limit)} is greater than max value ${show(max)}`));
  if (ratio && ratio.nanos < 1_000_000_000n) found.push(fieldErrors.invalid(path.child('maxLimitRequestRatio').key(name), show(ratio), `ratio ${show(ratio)} is less than 1`));
  if (ratio && min && max) validateRatio(ratio, min, max, path.child('maxLimitRequestRatio').key(name), found);
  if (limit && request && !isOvercommitAllowed(name) && compareQuantities(limit, request) !== 0)
    found.push(fieldErrors.invalid(path.child('defaultRequest').key(name), show(request), `default value ${show(limit)} must equal to defaultRequest value ${show(request)} in ${name}`));
}

function limitType(type: string, path: FieldPath, found: Findings): void {
  const before = found.length;
  qualifiedName(type, path, found);
  if (found.length === before && !type.includes('/')) found.push(fieldErrors.invalid(path, type, 'must be a standard limit type or fully qualified'));
}

function validateItem(given: Item, path: FieldPath, found: Findings): void {
  if (!itemTypes.includes(given.type ?? '')) limitType(given.type ?? '', path.child('type'), found);
  // Pods have no defaults; of those that are given no more is said.
  const item: Item = given.type === 'Pod' ? omit(given, 'default', 'defaultRequest') : given;
  const names = new Set(lists.flatMap((field) => Object.keys(item[field] ?? {})));
  if (given.type === 'Pod')
    for (const field of ['default', 'defaultRequest'] as const)
      if (entries(given[field]).length > 0) found.push(fieldErrors.forbidden(path.child(field), 'may not be specified when `type` is \'Pod\''));
  if (item.type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined)
    found.push(fieldErrors.required(path.child('limits'), 'either minimum or maximum storage value is required, but neither was provided'));
  for (const field of lists)
    for (const [name] of entries(item[field])) (item.type === 'Container' || item.type === 'Pod' ? containerResourceName : resourceName)(name, path.child(field).key(name), found);
  for (const name of [...names].sort()) validateBounds(item, name, path, found);
}

export const limitRangeValidation = contentRules<Loose<corev1.LimitRange>>({
  content({ spec }) {
    const found: Findings = [];
    const types = new Set<string>();
    list(spec?.limits).forEach((item, i) => {
      const path = specPath.child('limits').index(i);
      const { type = '' } = item;
      if (types.has(type)) found.push(fieldErrors.duplicate(path.child('type'), type));
      types.add(type);
      validateItem(item, path, found);
    });
    return found;
  },
});

import { compareQuantities, fieldErrors, type FieldPath, formatQuantity, labelKeyMessages, type Quantity } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { entries, list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { readQuantity } from '../../../support/quantity';
import { dnsLabel, type Findings, negativeMessage, present, refuse, sorted, withDetail } from '../../../validation/rules';
import { isPodLevelResource } from '../pod-level-resources';

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);
const quotaResources = new Set([
  'cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'limits.cpu', 'limits.memory',
  'limits.ephemeral-storage', 'pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims',
  'services.nodeports', 'services.loadbalancers', 'storage', 'requests.storage',
]);
const integerResources = new Set([
  'pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers',
]);

export const isHugePage = (name: string): boolean => name.startsWith('hugepages-');
const isStandardContainerResource = (name: string): boolean => containerResources.has(name) || isHugePage(name);
export const isStandardResource = (name: string): boolean => quotaResources.has(name) || isHugePage(name) || name.startsWith('requests.hugepages-');
/** Of Kubernetes itself, or of a domain of it. */
export const isNativeResource = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
export const isExtendedResource = (name: string): boolean =>
  !isNativeResource(name) && !name.startsWith('requests.') && labelKeyMessages(`requests.${name}`).length === 0;
/** What may be promised more often than it is there: not huge pages, nor devices. */
export const isOvercommitAllowed = (name: string): boolean => isNativeResource(name) && !isHugePage(name);

/** A name that can stand in any list of resources. */
export function resourceName(name: string, path: FieldPath, found: Findings): void {
  refuse(labelKeyMessages(name), name, path, found);
  if (!name.includes('/') && !isStandardResource(name)) found.push(fieldErrors.invalid(path, name, 'must be a standard resource type or fully qualified'));
}

/** A name that can stand in a container's list. */
export function containerResourceName(name: string, path: FieldPath, found: Findings): void {
  resourceName(name, path, found);
  if (!name.includes('/')) {
    if (!isStandardContainerResource(name)) found.push(fieldErrors.invalid(path, name, 'must be a standard resource for containers'));
  } else if (!isNativeResource(name) && !isExtendedResource(name)) found.push(fieldErrors.invalid(path, name, "doesn't follow extended resource name standard"));
}

/** A name that can stand in the list of a pod as a whole. */
function podResourceName(name: string, path: FieldPath, found: Findings): void {
  const before = found.length;
  resourceName(name, path, found);
  if (found.length === before && !isPodLevelResource(name)) found.push(fieldErrors.notSupported(path, name, ['cpu', 'hugepages-', 'memory']));
}

/** Huge pages come whole. */
export function isWholePages(name: string, { nanos }: Quantity): boolean {
  const size = readQuantity(name.slice('hugepages-'.length))?.nanos ?? 0n;
  return size > 0n && size % 1_000_000_000n === 0n && nanos % size === 0n;
}

/** An amount of a resource: not negative, and whole for what comes in pieces. */
export function resourceAmount(name: string, text: string | undefined, path: FieldPath, found: Findings): Quantity | undefined {
  const quantity = readQuantity(text);
  if (quantity === undefined) {
    found.push(fieldErrors.invalid(path, text ?? '', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
    return undefined;
  }
  if (quantity.nanos < 0n) found.push(fieldErrors.invalid(path, formatQuantity(quantity), negativeMessage));
  const whole = integerResources.has(name) || isExtendedResource(name);
  if (whole && quantity.nanos % 1_000_000_000n !== 0n) found.push(fieldErrors.invalid(path, formatQuantity(quantity), 'must be an integer'));
  return quantity;
}

function compareWithLimit(name: string, request: Quantity, limit: Quantity | undefined, path: FieldPath, found: Findings): void {
  const requests = path.child('requests');
  if (limit === undefined) {
    if (!isOvercommitAllowed(name)) found.push(fieldErrors.required(path.child('limits'), 'Limit must be set for non overcommitable resources'));
    return;
  }
  const difference = compareQuantities(request, limit);
  if (difference !== 0 && !isOvercommitAllowed(name))
    found.push(fieldErrors.invalid(requests, formatQuantity(request), `must be equal to ${name} limit of ${formatQuantity(limit)}`));
  else if (difference > 0) found.push(fieldErrors.invalid(requests, formatQuantity(request), `must be less than or equal to ${name} limit of ${formatQuantity(limit)}`));
}

/** Where resources are asked for. */
interface ResourcesPlace {
  /** The pod's claims; absent where there is none to know of. */
  readonly claimNames?: ReadonlySet<string>;
  /** Whether parts of huge pages are let through. */
  readonly partialPages?: boolean;
  /** For the pod as a whole. */
  readonly ofPod?: boolean;
}

/** What a container, or a pod as a whole, asks for and may use. */
export function validateResources(
  resources: Loose<corev1.ResourceRequirements> | undefined, path: FieldPath, found: Findings, { claimNames, partialPages = false, ofPod = false }: ResourcesPlace = {},
): void {
  if (!resources) return;
  const limits = new Map<string, Quantity>();
  const amountOf = (name: string, text: string | undefined, at: FieldPath): Quantity | undefined => {
    (ofPod ? podResourceName : containerResourceName)(name, at, found);
    const quantity = resourceAmount(name, text, at, found);
    if (quantity !== undefined && !partialPages && isHugePage(name) && !isWholePages(name, quantity))
      found.push(fieldErrors.invalid(at, formatQuantity(quantity), `${formatQuantity(quantity)} is not positive integer multiple of ${name}`));
    return quantity;
  };
  for (const [name, text] of entries(resources.limits)) {
    const quantity = amountOf(name, text, path.child('limits').key(name));
    if (quantity !== undefined) limits.set(name, quantity);
  }
  for (const [name, text] of entries(resources.requests)) {
    const quantity = amountOf(name, text, path.child('requests').key(name));
    if (quantity !== undefined) compareWithLimit(name, quantity, limits.get(name), path, found);
  }
  const isNamed = (test: (name: string) => boolean): boolean => [...limits.keys()].some(test) || Object.keys(resources.requests ?? {}).some(test);
  if (isNamed(isHugePage) && !isNamed((name) => name === 'cpu' || name === 'memory')) found.push(fieldErrors.forbidden(path, 'HugePages require cpu or memory'));
  validateClaims(resources, path.child('claims'), found, claimNames);
}

function validateClaims({ claims }: Loose<corev1.ResourceRequirements>, path: FieldPath, found: Findings, claimNames?: ReadonlySet<string>): void {
  const seen = new Set<string>();
  list(claims).forEach(({ name = '', request = '' }, i) => {
    const at = path.index(i);
    if (!present(name, at, found)) return;
    const key = request === '' ? name : `${name}/${request}`;
    // All of a claim is also each request of it.
    if (seen.has(name)) found.push(fieldErrors.duplicate(at, name));
    else {
      if (request !== '') dnsLabel(request, at.child('request'), found);
      if (seen.has(key) || (request === '' && [...seen].some((other) => other.startsWith(`${name}/`)))) found.push(fieldErrors.duplicate(at, key));
      seen.add(key);
    }
    if (claimNames && !claimNames.has(name)) {
      const known = claimNames.size === 0 ? ' which is empty' : `: ${sorted(claimNames).join(', ')}`;
      found.push(withDetail(fieldErrors.notFound(at, name), `must be one of the names in pod.spec.resourceClaims${known}`));
    }
  });
}

import { configMapKeyMessages, dns1123SubdomainMessages, fieldErrors, type FieldPath, formatQuantity, labelKeyMessages } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { type Loose } from '../../../support/loose';
import { readQuantity } from '../../../support/quantity';
import { type Findings, present, refuse, sorted } from '../../../validation/rules';

/** Fields of a pod that its containers can learn through the downward API. */
const readable = new Set([
  'metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.restartPolicy',
  'spec.serviceAccountName', 'spec.schedulerName', 'status.phase', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs', 'spec.host',
]);

/** Those that can be an environment variable. */
export const environmentFields = sorted([
  'metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs',
]);
/** Those that can be a file. */
export const fileFields = sorted(['metadata.name', 'metadata.namespace', 'metadata.labels', 'metadata.annotations', 'metadata.uid']);

const resourceFields = sorted(['limits.cpu', 'limits.memory', 'limits.ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.ephemeral-storage']);

function subscript(path: string, key: string, at: FieldPath, found: Findings): void {
  if (path === 'metadata.annotations') refuse(labelKeyMessages(key.toLowerCase()), key, at, found);
  else if (path === 'metadata.labels') refuse(labelKeyMessages(key), key, at, found);
  else found.push(fieldErrors.invalid(at, path, 'does not support subscript'));
}

export function validateFieldRef(reference: Loose<corev1.ObjectFieldSelector>, allowed: readonly string[], path: FieldPath, found: Findings): void {
  if (!present(reference.apiVersion, path.child('apiVersion'), found) || !present(reference.fieldPath, path.child('fieldPath'), found)) return;
  const text = reference.fieldPath;
  const [, base = text, key] = /^([^[]+)\['(.*)'\]$/.exec(text) ?? [];
  if (!readable.has(base)) {
    const reason = key === undefined ? `field label not supported: ${text}` : `field label does not support subscript: ${text}`;
    found.push(fieldErrors.invalid(path.child('fieldPath'), text, `error converting fieldPath: ${reason}`));
    return;
  }
  if (key !== undefined) subscript(base, key, path, found);
  else if (!allowed.includes(base)) found.push(fieldErrors.notSupported(path.child('fieldPath'), base, allowed));
}

const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** In which unit the amount is told; none given, or 0, means one. */
function validateDivisor({ resource = '', divisor }: Loose<corev1.ResourceFieldSelector>, path: FieldPath, found: Findings): void {
  const quantity = readQuantity(divisor);
  if (quantity === undefined || quantity.nanos === 0n) return;
  const text = formatQuantity(quantity);
  const [, kind = ''] = /^(?:limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-)/.exec(resource) ?? [];
  const at = path.child('divisor');
  if (kind === 'cpu') {
    if (text !== '1m' && text !== '1') found.push(fieldErrors.invalid(at, resource, "only divisor's values 1m and 1 are supported with the cpu resource"));
    return;
  }
  const names: Readonly<Record<string, string>> = { memory: 'memory', 'ephemeral-storage': 'local ephemeral storage', 'hugepages-': 'hugepages' };
  const name = names[kind];
  if (name !== undefined && !byteDivisors.includes(text)) found.push(fieldErrors.invalid(at, resource, `only divisor's values ${byteDivisors.join(', ')} are supported with the ${name} resource`));
}

export function validateResourceFieldRef(reference: Loose<corev1.ResourceFieldSelector>, inVolume: boolean, path: FieldPath, found: Findings): void {
  validateDivisor(reference, path, found);
  if (inVolume && !present(reference.containerName, path.child('containerName'), found)) return;
  if (!present(reference.resource, path.child('resource'), found)) return;
  const { resource } = reference;
  if (resourceFields.includes(resource) || /^(limits|requests)\.hugepages-/.test(resource)) return;
  found.push(fieldErrors.notSupported(path.child('resource'), resource, resourceFields));
}

/** A key of a ConfigMap or Secret. */
export function validateKeyRef(reference: Loose<{ name?: string; key: string }>, path: FieldPath, found: Findings): void {
  refuse(dns1123SubdomainMessages(reference.name ?? ''), reference.name ?? '', path.child('name'), found);
  if (present(reference.key, path.child('key'), found)) refuse(configMapKeyMessages(reference.key), reference.key, path.child('key'), found);
}

import { isDeepStrictEqual } from 'node:util';
import type { corev1 } from '@navarch/api';
import { compareStrings, goQuote } from '@navarch/apimachinery';
import type { AdmissionAttributes } from '../../pipeline';
import { refused } from '../refused';

/** What a kubelet may say of its node in Kubernetes' own label namespaces. */
const kubeletLabels = new Set([
  'kubernetes.io/hostname', 'kubernetes.io/os', 'kubernetes.io/arch', 'topology.kubernetes.io/zone', 'topology.kubernetes.io/region', 'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region', 'beta.kubernetes.io/instance-type', 'beta.kubernetes.io/os', 'beta.kubernetes.io/arch',
]);
const kubeletNamespaces = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const restrictedNamespace = 'node-restriction.kubernetes.io';
const kubernetesNamespaces = ['kubernetes.io', 'k8s.io'];

const within = (namespace: string, roots: readonly string[]): boolean => roots.some((root) => namespace === root || namespace.endsWith(`.${root}`));

function isForbidden(label: string): boolean {
  const namespace = label.includes('/') ? (label.split('/', 1)[0] ?? '') : '';
  if (within(namespace, [restrictedNamespace])) return true;
  return within(namespace, kubernetesNamespaces) && !kubeletLabels.has(label) && !within(namespace, kubeletNamespaces);
}

/** Labels that differ and that a node must not set: with them it could draw other workloads to itself. */
function forbiddenChanges(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => before[key] !== after[key] && isForbidden(key)).sort(compareStrings).join(', ');
}

/** A node creates and changes itself only, keeps its taints, and labels itself within limits. */
export function checkNode(attributes: AdmissionAttributes, node: string): void {
  const { operation, object, oldObject } = attributes;
  const name = operation === 'CREATE' ? (object?.metadata.name ?? '') : attributes.name;
  if (name !== node) throw refused(attributes, `node ${goQuote(node)} is not allowed to modify node ${goQuote(name)}`);
  const next: corev1.Node | undefined = object;
  const old: corev1.Node | undefined = oldObject;
  if (operation === 'CREATE') {
    if (next?.spec?.configSource !== undefined) throw refused(attributes, `node ${goQuote(node)} is not allowed to create pods with a non-nil configSource`);
    const labels = forbiddenChanges({}, next?.metadata.labels ?? {});
    if (labels !== '') throw refused(attributes, `node ${goQuote(node)} is not allowed to set the following labels: ${labels}`);
  } else if (operation === 'UPDATE') {
    if (next?.spec?.configSource !== undefined && !isDeepStrictEqual(next.spec.configSource, old?.spec?.configSource)) {
      throw refused(attributes, `node ${goQuote(node)} is not allowed to update configSource to a new non-nil configSource`);
    }
    if (!isDeepStrictEqual(next?.spec?.taints ?? [], old?.spec?.taints ?? [])) throw refused(attributes, `node ${goQuote(node)} is not allowed to modify taints`);
    // The garbage collector would delete it for an owner that is none, and it could come back without its taints.
    if (!isDeepStrictEqual(next?.metadata.ownerReferences ?? [], old?.metadata.ownerReferences ?? [])) throw refused(attributes, `node ${goQuote(node)} is not allowed to modify ownerReferences`);
    const labels = forbiddenChanges(old?.metadata.labels ?? {}, next?.metadata.labels ?? {});
    if (labels !== '') throw refused(attributes, `is not allowed to modify labels: ${labels}`);
  }
}

/** Of a claim a node reports how its volume grew, and nothing else. */
export function checkClaimStatus(attributes: AdmissionAttributes, node: string): void {
  const { operation, subresource, object, oldObject } = attributes;
  if (subresource !== 'status') throw refused(attributes, 'may only update PVC status');
  if (operation !== 'UPDATE') throw refused(attributes, `unexpected operation ${goQuote(operation)}`);
  if (!isDeepStrictEqual(withoutReport(oldObject as corev1.PersistentVolumeClaim), withoutReport(object as corev1.PersistentVolumeClaim)))
    throw refused(attributes, `node ${goQuote(node)} is not allowed to update fields other than status.capacity and status.conditions`);
}

function withoutReport({ metadata, status, ...rest }: corev1.PersistentVolumeClaim): object {
  const kept: Record<string, unknown> = { ...status };
  for (const field of ['capacity', 'conditions', 'allocatedResources', 'allocatedResourceStatuses']) delete kept[field];
  const meta: Record<string, unknown> = { ...metadata };
  for (const field of ['resourceVersion', 'managedFields']) delete meta[field];
  return { ...rest, metadata: meta, status: kept };
}

import { compareQuantities, fieldErrors, FieldPath, formatQuantity, labelKeyMessages } from '@navarch/apimachinery';
import { isNativeResource, resourceAmount } from '../pod/validation/resources';
import type { corev1 } from '../../gen';
import { entries, list } from '../../support/list';
import { type Loose } from '../../support/loose';
import { omit } from '../../support/omit';
import { readQuantity } from '../../support/quantity';
import { semanticEqual } from '../../support/semantic-equal';
import { describeDifference } from '../../validation/describe-difference';
import { contentRules } from '../../validation/kind-validation';
import { dnsSubdomain, type Findings, immutable, notAboveZeroMessage, oneOf, present, refuse, sorted } from '../../validation/rules';
import { selectorFaults } from '../../validation/selector-faults';
import { claimWarnings } from './warnings';

type Claim = Loose<corev1.PersistentVolumeClaim>;
type Spec = Loose<corev1.PersistentVolumeClaimSpec>;

export const accessModes = sorted(['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']);
export const volumeModes = sorted(['Block', 'Filesystem']);
const specPath = FieldPath.of('spec');
const formerClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Ways in which a volume may be mounted. */
export function validateAccessModes(modes: readonly string[] | undefined, path: FieldPath, found: Findings): void {
  const all = list(modes);
  for (const mode of all) oneOf(mode, accessModes, path, found);
  if (all.includes('ReadWriteOncePod') && all.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode)))
    found.push(fieldErrors.forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
}

/** Groups were not always looked at: what names one already may go on. */
function validateSource(spec: Spec, before: Spec | undefined, path: FieldPath, found: Findings): void {
  const hadGroup = before?.dataSource?.apiGroup !== undefined || before?.dataSourceRef?.apiGroup !== undefined;
  for (const field of ['dataSource', 'dataSourceRef'] as const) {
    const source = spec[field];
    if (!source) continue;
    present(source.name, path.child(field, 'name'), found);
    present(source.kind, path.child(field, 'kind'), found);
    if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim') found.push(fieldErrors.invalid(path.child(field), source.kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
    if (source.apiGroup && !hadGroup) dnsSubdomain(source.apiGroup, path.child(field, 'apiGroup'), found);
  }
  const { dataSource, dataSourceRef } = spec;
  if (!dataSource || !dataSourceRef) return;
  if (dataSourceRef.namespace) found.push(fieldErrors.invalid(path, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  else if ((['apiGroup', 'kind', 'name'] as const).some((field) => dataSource[field] !== dataSourceRef[field])) found.push(fieldErrors.invalid(path, {}, 'must match dataSourceRef'));
}

export function validateClaimSpec(spec: Spec, path: FieldPath, found: Findings, before?: Spec): void {
  if (list(spec.accessModes).length === 0) found.push(fieldErrors.required(path.child('accessModes'), 'at least 1 access mode is required'));
  found.push(...selectorFaults(spec.selector, path.child('selector'), [before?.selector]));
  validateAccessModes(spec.accessModes, path.child('accessModes'), found);
  const storage = path.child('resources').key('storage');
  const quantity = readQuantity(spec.resources?.requests?.['storage']);
  if (quantity === undefined) found.push(fieldErrors.required(storage));
  else if (quantity.nanos <= 0n) found.push(fieldErrors.invalid(storage, formatQuantity(quantity), notAboveZeroMessage));
  if (spec.storageClassName) dnsSubdomain(spec.storageClassName, path.child('storageClassName'), found);
  if (spec.volumeMode !== undefined) oneOf(spec.volumeMode, volumeModes, path.child('volumeMode'), found);
  validateSource(spec, before, path, found);
  if (spec.volumeAttributesClassName) dnsSubdomain(spec.volumeAttributesClassName, path.child('volumeAttributesClassName'), found);
}

/** A claim keeps what it was made for: a volume may be named once, a bound one may grow. */
function change(claim: Claim, old: Claim): Findings {
  const found: Findings = [];
  const [spec, before] = [claim.spec ?? {}, old.spec ?? {}];
  const bound = old.status?.phase === 'Bound';
  const next: Spec = { ...spec };
  // The binder fills these in.
  if (!before.volumeName) delete next.volumeName;
  const [former, formerNow] = [old, claim].map(({ metadata }) => metadata?.annotations?.[formerClassAnnotation]);
  // A class may move from the annotation into the spec, or come to who named none; it does not change on the way.
  const isNamed = before.storageClassName === undefined && spec.storageClassName !== undefined && (former === undefined || former === spec.storageClassName);
  const isMoved = isNamed && former !== undefined && (formerNow === undefined || formerNow === former);
  if (isNamed) delete next.storageClassName;
  const reference = { ...before };
  if (!before.volumeName) delete reference.volumeName;
  const size = (of: Spec): Spec => ({ ...omit(of, 'volumeAttributesClassName'), resources: { ...of.resources, requests: { ...of.resources?.requests, storage: undefined } } });
  const [left, right] = bound ? [size(next), size(reference)] : [next, reference];
  if (!semanticEqual(left, right))
    found.push(fieldErrors.forbidden(specPath, `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${describeDifference(reference, next)}`));
  immutable(spec.volumeMode, before.volumeMode, FieldPath.of('volumeMode'), found);
  if (!isMoved && (formerNow ?? '') !== (former ?? ''))
    found.push(fieldErrors.invalid(FieldPath.of('metadata').child('annotations', formerClassAnnotation), formerNow ?? '', 'field is immutable'));
  // What was never applied can be taken back.
  if (old.status?.currentVolumeAttributesClassName !== undefined && !spec.volumeAttributesClassName && before.volumeAttributesClassName !== spec.volumeAttributesClassName)
    found.push(fieldErrors.forbidden(specPath.child('volumeAttributesClassName'), `update to ${spec.volumeAttributesClassName === undefined ? 'nil' : 'empty string'} is forbidden when status.currentVolumeAttributesClassName is not nil`));
  const wanted = readQuantity(spec.resources?.requests?.['storage']);
  const given = readQuantity(before.resources?.requests?.['storage']);
  const there = readQuantity(old.status?.capacity?.['storage']);
  if (bound && wanted && there && given && compareQuantities(wanted, given) < 0 && compareQuantities(wanted, there) <= 0)
    found.push(fieldErrors.forbidden(specPath.child('resources', 'requests', 'storage'), 'field can not be less than status.capacity'));
  return found;
}

const resizeStates = sorted(['ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizePending', 'NodeResizeInProgress', 'NodeResizeInfeasible']);

/** Of Kubernetes' own resources a claim has storage only. */
function claimResource(name: string, path: FieldPath, found: Findings): boolean {
  const messages = labelKeyMessages(name);
  refuse(messages, name, path, found);
  const foreign = messages.length === 0 && isNativeResource(name) && name !== 'storage';
  if (foreign) found.push(fieldErrors.notSupported(path, name, ['storage']));
  return messages.length === 0 && !foreign;
}

function status({ status: now = {} }: Claim): Findings {
  const found: Findings = [];
  const path = FieldPath.of('status');
  const isNegative = (text: string | undefined, at: FieldPath): boolean => {
    const quantity = readQuantity(text);
    if (quantity === undefined || quantity.nanos >= 0n) return false;
    found.push(fieldErrors.invalid(at, formatQuantity(quantity), 'must be a valid resource quantity'));
    return true;
  };
  for (const [name, text] of entries(now.capacity)) isNegative(text, path.child('capacity').key(name));
  const statusesPath = path.child('allocatedResourceStatuses');
  for (const [name, state = ''] of entries(now.allocatedResourceStatuses)) {
    claimResource(name, statusesPath, found);
    if (!resizeStates.includes(state)) found.push(fieldErrors.notSupported(statusesPath, name, resizeStates));
  }
  const allocatedPath = path.child('allocatedResources');
  for (const [name, text] of entries(now.allocatedResources))
    if (claimResource(name, allocatedPath, found) && !isNegative(text, allocatedPath.key(name))) resourceAmount('storage', text, allocatedPath.key(name), found);
  return found;
}

export const persistentVolumeClaimValidation = contentRules<Claim>({
  warnings: claimWarnings,
  content(claim, old) {
    const found: Findings = [];
    validateClaimSpec(claim.spec ?? {}, specPath, found, old?.spec);
    return found;
  },
  change,
  status,
});

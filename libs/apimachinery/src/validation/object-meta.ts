import { goQuote } from '../text/go-quote';
import { dns1123LabelMessages, dns1123SubdomainMessages } from './dns-names';
import { fieldErrors, type FieldError } from './field-error';
import { type FieldPath } from './field-path';
import { labelKeyMessages, validateAnnotations, validateLabels } from './labels';
import { validateFieldManager } from './options';

// Mirrors staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go.

/** The parts of `metav1.ObjectMeta` that have rules. */
export interface ValidatedMeta {
  annotations?: Record<string, string>;
  creationTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  deletionTimestamp?: string;
  finalizers?: string[];
  generateName?: string;
  generation?: number;
  labels?: Record<string, string>;
  managedFields?: { fieldsType?: string; manager?: string; operation?: string; subresource?: string }[];
  name?: string;
  namespace?: string;
  ownerReferences?: { apiVersion: string; controller?: boolean; kind: string; name: string; uid: string }[];
  resourceVersion?: string;
  uid?: string;
}

/** What is wrong with a name; a prefix (a generateName) may end where a name may not. */
export type NameRule = (name: string, isPrefix: boolean) => string[];

/** A prefix may end in a dash. */
const maskTrailingDash = (name: string): string => (name.length > 1 && name.endsWith('-') ? name.slice(0, -1) + 'a' : name);
const prefixed = (messages: (name: string) => string[]): NameRule => (name, isPrefix) => messages(isPrefix ? maskTrailingDash(name) : name);

/** Most objects. */
export const subdomainName = prefixed(dns1123SubdomainMessages);
/** Namespaces, and Services (upstream's RelaxedServiceNameValidation). */
export const labelName = prefixed(dns1123LabelMessages);

/** What a changed field says that may not change. */
export const immutableMessage = 'field is immutable';

/** Broken rules of an object's metadata at its creation, after a name was generated. */
export function validateObjectMeta(meta: ValidatedMeta, namespaced: boolean, nameRule: NameRule, path: FieldPath): FieldError[] {
  const { name = '', namespace = '', generateName = '', generation = 0 } = meta;
  const errors = generateName === '' ? [] : nameRule(generateName, true).map((message) => fieldErrors.invalid(path.child('generateName'), generateName, message));
  if (name === '') errors.push(fieldErrors.required(path.child('name'), 'name or generateName is required'));
  else errors.push(...nameRule(name, false).map((message) => fieldErrors.invalid(path.child('name'), name, message)));
  if (!namespaced && namespace !== '') errors.push(fieldErrors.forbidden(path.child('namespace'), 'not allowed on this type'));
  if (namespaced && namespace === '') errors.push(fieldErrors.required(path.child('namespace')));
  else if (namespaced) errors.push(...labelName(namespace, false).map((message) => fieldErrors.invalid(path.child('namespace'), namespace, message)));
  if (generation < 0) errors.push(fieldErrors.invalid(path.child('generation'), generation, 'must be greater than or equal to 0'));
  return [...errors, ...validateCommon(meta, path)];
}

function validateCommon({ labels, annotations, ownerReferences, finalizers, managedFields }: ValidatedMeta, path: FieldPath): FieldError[] {
  const errors = validateLabels(labels, path.child('labels'));
  if (annotations) errors.push(...validateAnnotations(annotations, path.child('annotations')));
  if (ownerReferences) errors.push(...validateOwnerReferences(ownerReferences, path.child('ownerReferences')));
  if (finalizers) errors.push(...validateFinalizers(finalizers, path.child('finalizers')));
  if (managedFields) errors.push(...validateManagedFields(managedFields, path.child('managedFields')));
  return errors;
}

function validateOwnerReferences(owners: NonNullable<ValidatedMeta['ownerReferences']>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const owner of owners) {
    // Of more than two parts upstream reads none.
    const parts = owner.apiVersion.split('/');
    if (parts.length > 2 || !parts.at(-1)) errors.push(fieldErrors.invalid(path.child('apiVersion'), owner.apiVersion, 'version must not be empty'));
    for (const field of ['kind', 'name', 'uid'] as const) {
      if (owner[field] === '') errors.push(fieldErrors.invalid(path.child(field), '', 'must not be empty'));
    }
    if (owner.apiVersion === 'v1' && owner.kind === 'Event') errors.push(fieldErrors.invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner'));
    if (owner.controller !== true) continue;
    const current = `${owner.kind}/${owner.name}`;
    if (controller === undefined) controller = current;
    else {
      errors.push(fieldErrors.invalid(path, owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`));
    }
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[], path: FieldPath): FieldError[] {
  const errors = finalizers.flatMap((name) => labelKeyMessages(name).map((message) => fieldErrors.invalid(path, name, message)));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(fieldErrors.invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

function validateManagedFields(entries: NonNullable<ValidatedMeta['managedFields']>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  entries.forEach(({ operation = '', fieldsType = '', manager = '', subresource = '' }, i) => {
    const at = path.index(i);
    if (operation !== 'Apply' && operation !== 'Update') errors.push(fieldErrors.invalid(at.child('operation'), operation, 'must be `Apply` or `Update`'));
    if (fieldsType !== '' && fieldsType !== 'FieldsV1') errors.push(fieldErrors.invalid(at.child('fieldsType'), fieldsType, 'must be `FieldsV1`'));
    errors.push(...validateFieldManager(manager, at.child('manager')));
    if (subresource.length > 256) errors.push(fieldErrors.tooLong(at.child('subresource'), 256));
  });
  return errors;
}

/** Broken rules of a change of an object's metadata. The caller compares resourceVersions. */
export function validateObjectMetaUpdate(next: ValidatedMeta, previous: ValidatedMeta, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (previous.deletionTimestamp !== undefined) {
    const added = [...new Set(next.finalizers)].filter((name) => !previous.finalizers?.includes(name)).sort();
    if (added.length > 0) {
      errors.push(fieldErrors.forbidden(path.child('finalizers'),
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map(goQuote).join(', ')}}`));
    }
  }
  if ((next.resourceVersion ?? '') === '') errors.push(fieldErrors.invalid(path.child('resourceVersion'), '', 'must be specified for an update'));
  if ((next.generation ?? 0) < (previous.generation ?? 0)) errors.push(fieldErrors.invalid(path.child('generation'), next.generation, 'must not be decremented'));
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if ((next[field] ?? '') !== (previous[field] ?? '')) errors.push(fieldErrors.invalid(path.child(field), next[field], immutableMessage));
  }
  return [...errors, ...validateCommon(next, path)];
}

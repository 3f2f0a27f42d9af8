import { type JsonValue, type JsonObject } from '../json';
import { FieldSet } from './field-set';
import { decodeManagedFields, encodeManagedFields, managerKey, type Ownership } from './managed-fields';
import { OwnedFields } from './owned-fields';
import { fieldElement } from './path-element';

// Mirrors staging/src/k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go: an apply through `scale` is an apply of a Scale,
// whose one field is a field of the object as well.

const pathOf = (fields: readonly string[]): string[] => fields.map(fieldElement);
const IN_SCALE = ['spec', 'replicas'];

const ownersIn = (entries: JsonValue | undefined): Ownership[] => [...(decodeManagedFields(entries, true)?.values() ?? [])];

/** The managedFields of a Scale: those owners of its object who own the replicas. `replicas` is where the object has them. */
export function scaleManagedFields(ofObject: JsonValue | undefined, replicas: readonly string[]): JsonObject[] {
  const owned = ownersIn(ofObject).filter(({ fields }) => fields.set.has(pathOf(replicas)));
  return encodeManagedFields(new Map(owned.map((owner) => [managerKey(owner.manager), {
    ...owner, manager: { ...owner.manager, apiVersion: 'autoscaling/v1' }, fields: OwnedFields.of(FieldSet.of(pathOf(IN_SCALE))),
  }])));
}

/** The managedFields of an object after a write of its Scale: who owns the replicas there owns them here, and nobody else does. */
export function managedFieldsAfterScale(ofObject: JsonValue | undefined, ofScale: JsonValue | undefined, replicas: readonly string[], apiVersion: string): JsonObject[] {
  const path = pathOf(replicas);
  const identity = ({ manager }: Ownership): string => managerKey({ ...manager, apiVersion: '' });
  const scalers = new Map(ownersIn(ofScale).filter(({ fields }) => fields.set.has(pathOf(IN_SCALE))).map((owner) => [identity(owner), owner]));
  const result = new Map<string, Ownership>();
  for (const owner of ownersIn(ofObject)) {
    const has = owner.fields.set.has(path);
    const scaler = scalers.get(identity(owner));
    if (has && scaler) scalers.delete(identity(owner));
    const fields = has && !scaler ? OwnedFields.of(owner.fields.set.difference(FieldSet.of(path))) : owner.fields;
    const kept = has && scaler ? { ...owner, time: scaler.time } : { ...owner, fields };
    if (!kept.fields.set.empty) result.set(managerKey(owner.manager), kept);
  }
  for (const scaler of scalers.values()) {
    const manager = { ...scaler.manager, apiVersion };
    result.set(managerKey(manager), { ...scaler, manager, fields: OwnedFields.of(FieldSet.of(path)) });
  }
  return encodeManagedFields(result);
}

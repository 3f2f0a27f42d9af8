import { FieldSet } from './field-set';
import { fieldElement } from './path-element';

/** `spec.template` as a path of fields. */
export function fieldPathOf(dotted: string): string[] {
  return dotted.split('.').map(fieldElement);
}

/** The fields at these dotted paths, and all below: what an endpoint resets and hence nobody owns through it. */
export function fieldSetOf(...dotted: string[]): FieldSet {
  return FieldSet.of(...dotted.map(fieldPathOf));
}

/** What identifies an object, or the server sets, is owned by nobody. Mirrors stripMeta of upstream's field manager. */
export const alwaysIgnored = fieldSetOf(
  'apiVersion', 'kind', 'metadata.name', 'metadata.namespace', 'metadata.creationTimestamp', 'metadata.selfLink', 'metadata.uid',
  'metadata.generation', 'metadata.managedFields', 'metadata.resourceVersion',
);

/** Every object has metadata, whoever owns what is in it. */
const metadata = FieldSet.of(['f:metadata']);

/** What of a set somebody may own. */
export const ownable = (set: FieldSet, ignored: FieldSet = alwaysIgnored): FieldSet => set.recursiveDifference(ignored).difference(metadata);

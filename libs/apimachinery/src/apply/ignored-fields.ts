import { FieldSet } from './field-set';
import { ANY_ELEMENT, fieldElement } from './path-element';

/** `spec.template` as a path of fields. */
export function fieldPathOf(dotted: string): string[] {
  return dotted.split('.').map(fieldElement);
}

/** The fields at these dotted paths, and all below: what an endpoint resets and hence nobody owns through it. */
export function fieldSetOf(...dotted: string[]): FieldSet {
  return FieldSet.of(...dotted.map(fieldPathOf));
}

/** What an endpoint resets, dotted: these fields, or all but these. `*` stands for any item of a list. */
export type ResetFields = readonly string[] | { readonly allBut: readonly string[] };

/** What nobody owns through an endpoint: the fields of a set and all below, or all but what a pattern names. */
export type IgnoredFields = FieldSet | { readonly allBut: FieldSet };

export function ignoredFieldsOf(reset: ResetFields): IgnoredFields {
  if (!('allBut' in reset)) return fieldSetOf(...reset);
  return { allBut: FieldSet.of(...reset.allBut.map((dotted) => dotted.split('.').map((step) => (step === '*' ? ANY_ELEMENT : fieldElement(step))))) };
}

export const withoutIgnored = (set: FieldSet, ignored: IgnoredFields): FieldSet => (ignored instanceof FieldSet ? set.recursiveDifference(ignored) : set.matching(ignored.allBut));

/** What identifies an object, or the server sets, is owned by nobody. Mirrors stripMeta of upstream's field manager. */
export const alwaysIgnored = fieldSetOf(
  'apiVersion', 'kind', 'metadata.name', 'metadata.namespace', 'metadata.creationTimestamp', 'metadata.selfLink', 'metadata.uid',
  'metadata.generation', 'metadata.managedFields', 'metadata.resourceVersion',
);

const unownedBeside = new WeakMap<FieldSet, FieldSet>();

/** What nobody owns where an endpoint resets these fields. An endpoint asks with the same set for each object. */
export function unowned(reset: FieldSet): FieldSet {
  let all = unownedBeside.get(reset);
  if (!all) unownedBeside.set(reset, (all = alwaysIgnored.union(reset)));
  return all;
}

/** Every object has metadata, whoever owns what is in it. */
const metadata = FieldSet.of(['f:metadata']);

/** What of a set somebody may own. */
export function ownable(set: FieldSet, ignored?: IgnoredFields): FieldSet {
  const known = set.recursiveDifference(alwaysIgnored).difference(metadata);
  return ignored ? withoutIgnored(known, ignored) : known;
}

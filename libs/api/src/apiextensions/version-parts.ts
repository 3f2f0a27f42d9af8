import { exactJsonText, FieldPath } from '@navarch/apimachinery';

/** What each version has for itself, and what upstream's internal type calls it where all versions have the same. */
const shared = { schema: 'validation', subresources: 'subresources', additionalPrinterColumns: 'additionalPrinterColumns', selectableFields: 'selectableFields' } as const;

export type VersionPart = keyof typeof shared;

/** A part, and where a Status says it stands. */
export interface PlacedPart<V> {
  readonly version: V;
  readonly index: number;
  readonly path: FieldPath;
}

const spec = FieldPath.of('spec');

/**
 * The parts of a definition's versions as upstream checks them: one for all where all are the same, named as one of the spec
 * (Convert_v1_CustomResourceDefinitionSpec_To_apiextensions_CustomResourceDefinitionSpec), else each for itself.
 */
export function versionParts<V extends { readonly [P in VersionPart]?: unknown }>(versions: readonly V[], part: VersionPart): PlacedPart<V>[] {
  const texts = versions.map((version) => exactJsonText(version[part]));
  const [first] = versions;
  if (first !== undefined && texts.every((text) => text === texts[0])) return [{ version: first, index: 0, path: spec.child(shared[part]) }];
  return versions.map((version, index) => ({ version, index, path: spec.child('versions').index(index).child(part) }));
}

import { exactJsonText, parseJson, type StructType } from '@navarch/apimachinery';
import { CustomVersion, type CustomResourceDefinition, type DefinitionVersion } from '@navarch/custom-resources';
import { type ExpectedKind, typeOf } from '../codec/decode-body';
import { objectMetaType } from '../codec/object-meta-type';

/** What another thread makes a kind's type of: its name in the tables, or the text of its definition. */
export type KindSource = { readonly builtIn: ExpectedKind } | { readonly custom: string };

/** One version of a definition, as text. */
export function customSource(definition: CustomResourceDefinition, version: DefinitionVersion): KindSource {
  return { custom: exactJsonText({ kind: definition.spec.names.kind, version }) };
}

/** Definitions change rarely, and few have large objects. */
const REMEMBERED = 32;
const versions = new Map<string, CustomVersion>();

/** @throws for a built-in kind: a mistake of the caller */
export function versionOfSource(source: KindSource): CustomVersion {
  if (!('custom' in source)) throw new Error(`${source.builtIn.kind} is not of a definition`);
  let found = versions.get(source.custom);
  if (!found) {
    const { kind, version } = parseJson(source.custom) as unknown as { kind: string; version: DefinitionVersion };
    found = new CustomVersion({ spec: { names: { kind } } } as CustomResourceDefinition, version, objectMetaType());
    if (versions.size >= REMEMBERED) versions.clear();
    versions.set(source.custom, found);
  }
  return found;
}

export function typeOfSource(source: KindSource): StructType {
  return 'builtIn' in source ? typeOf(source.builtIn) : versionOfSource(source).type;
}

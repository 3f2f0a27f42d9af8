import { FlagError, type FlagSettings } from '../parse-flags';
import { isObject, type FieldText, type Json } from './field-texts';

/** A field of a configuration file as the text of a flag. */
export interface Field {
  readonly flag: string;
  readonly text: FieldText;
  /** A pointer in upstream's type: nought and nothing are values. All others mean the default by them. */
  readonly pointer?: true;
}

/** A kind of configuration file, as upstream has one for some of its components. */
export interface ConfigurationKind {
  /** Whose it is, in messages. */
  readonly component: string;
  readonly kind: string;
  readonly apiVersion: string;
  /** What of it has a flag here, by path. */
  readonly fields: Readonly<Record<string, Field>>;
  /** What else upstream's type has: it is taken, and changes nothing here. */
  readonly withoutEffect: ReadonlySet<string>;
}

/** The flags that a document of this kind stands for. @throws FlagError for one of another kind, and for fields that nobody knows */
export function settingsOf(of: ConfigurationKind, document: unknown): FlagSettings {
  if (!isObject(document)) throw new FlagError('--config: must be an object');
  const { kind, apiVersion, ...fields } = document;
  if (kind !== of.kind || apiVersion !== of.apiVersion) {
    throw new FlagError(
      `--config: no kind ${JSON.stringify(kind ?? '')} is registered for version ${JSON.stringify(apiVersion ?? '')}: must be ${of.kind} of ${of.apiVersion}`,
    );
  }
  const values: Record<string, string> = {};
  const withoutEffect: string[] = [];
  const parents = parentsOf(of.fields);
  const visit = (within: Json, parent: string): void => {
    for (const [name, value] of Object.entries(within)) {
      const path = parent === '' ? name : `${parent}.${name}`;
      const field = Object.hasOwn(of.fields, path) ? of.fields[path] : undefined;
      if (field) {
        if (value !== null && (field.pointer || isGiven(value))) values[field.flag] = field.text(value, path);
      } else if (parents.has(path) && isObject(value)) visit(value, path);
      else if (!parents.has(path) && !of.withoutEffect.has(path)) throw new FlagError(`--config: strict decoding error: unknown field "${path}"`);
      else if (isGiven(value)) withoutEffect.push(path);
    }
  };
  visit(fields, '');
  return { values, withoutEffect };
}

/** Objects that are looked into. */
const parentsOf = (fields: ConfigurationKind['fields']): ReadonlySet<string> =>
  new Set(
    Object.keys(fields).flatMap((path) =>
      path
        .split('.')
        .slice(0, -1)
        .map((_, i, steps) => steps.slice(0, i + 1).join('.')),
    ),
  );

/** In upstream's type the zero value of a field stands for its default. */
function isGiven(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false || value === '0s') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

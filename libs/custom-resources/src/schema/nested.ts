import { equalJson, type FieldError, fieldErrors, type FieldPath, isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';
import type { Schema } from './schema';

// Mirrors pkg/apiserver/schema/validation.go (validateNestedValueValidation) and complete.go.

/** What schemas inside of junctors may not say: it would make the shape depend on the value. */
const SHAPE: Readonly<Record<string, 'empty' | 'false' | 'undefined'>> = {
  title: 'empty', description: 'empty', type: 'empty', default: 'undefined', nullable: 'false', additionalProperties: 'undefined',
  'x-kubernetes-preserve-unknown-fields': 'false', 'x-kubernetes-embedded-resource': 'false', 'x-kubernetes-int-or-string': 'false',
  'x-kubernetes-list-type': 'undefined', 'x-kubernetes-list-map-keys': 'empty', 'x-kubernetes-map-type': 'undefined', 'x-kubernetes-validations': 'empty',
};
const JUNCTORS = ['allOf', 'anyOf', 'oneOf'] as const;
/** The one place where types may differ. */
const INT_OR_STRING: JsonValue = [{ type: 'integer' }, { type: 'string' }];
const isIntOrStringPattern = (schemas: readonly Schema[] | undefined): boolean => schemas !== undefined && equalJson(schemas as unknown as JsonValue, INT_OR_STRING);

/** What is wrong with the schemas in a schema's junctors: they say what values are allowed, and name only what the schema around them names. */
export function checkJunctors(schema: Schema, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  new NestedChecker(errors).junctors(schema, schema, path, path, true);
  return errors;
}

class NestedChecker {
  constructor(private readonly errors: FieldError[]) {}

  /** @param outer what is declared at the same place; undefined where nothing is */
  junctors(of: Schema, outer: Schema | undefined, path: FieldPath, outerPath: FieldPath, outermost: boolean): void {
    for (const kind of JUNCTORS) {
      if (outermost && kind === 'anyOf' && isIntOrStringPattern(of.anyOf)) continue;
      of[kind]?.forEach((inner, i) => {
        const at = path.child(kind).index(i);
        if (outermost && kind === 'allOf' && i === 0 && isIntOrStringPattern(inner.anyOf)) this.nested({ ...inner, anyOf: [] }, outer, at, outerPath);
        else this.nested(inner, outer, at, outerPath);
      });
    }
    if (of.not) this.nested(of.not, outer, path.child('not'), outerPath);
  }

  private nested(inner: Schema, outer: Schema | undefined, path: FieldPath, outerPath: FieldPath): void {
    for (const [name, wanted] of Object.entries(SHAPE)) {
      if (hasValue((inner as unknown as JsonObject)[name])) this.errors.push(fieldErrors.forbidden(path.child(name), `must be ${wanted} to be structural`));
    }
    for (const [name, property] of Object.entries(inner.properties ?? {})) {
      const at = path.child('properties').key(name);
      const outerAt = outerPath.child('properties').key(name);
      if (name === 'metadata') this.errors.push(fieldErrors.forbidden(at, 'must not be specified in a nested context'));
      const declared = outer?.properties?.[name];
      if (outer && !declared) this.undeclared(outerAt, at);
      this.nested(property, declared, at, outerAt);
    }
    if (inner.items) {
      if (outer && !outer.items) this.undeclared(outerPath.child('items'), path.child('items'));
      this.nested(inner.items, outer?.items, path.child('items'), outerPath.child('items'));
    }
    this.junctors(inner, outer, path, outerPath, false);
  }

  private undeclared(outerAt: FieldPath, at: FieldPath): void {
    this.errors.push(fieldErrors.required(outerAt, `because it is defined in ${at.toString()}`));
  }
}

/** Whether a member of a schema says anything. */
export function hasValue(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}

import type { JsonValue } from '@navarch/apimachinery';
import type { OpenApiSchema } from '@navarch/cel';

/** A schema of a custom resource, as CustomResourceDefinitions have it. */
export interface Schema extends OpenApiSchema {
  readonly title?: string;
  readonly description?: string;
  readonly default?: JsonValue;
  readonly enum?: readonly JsonValue[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly pattern?: string;
  readonly uniqueItems?: boolean;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** A rule in CEL. */
export interface ValidationRule {
  /** Required, which only a check of it finds out. */
  readonly rule?: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** The schema of the values of a map; undefined when there is none. */
export const valuesOf = ({ additionalProperties }: Schema): Schema | undefined => (typeof additionalProperties === 'object' ? additionalProperties : undefined);

/** The schema of a member of an object. */
export function memberOf(schema: Schema, name: string): Schema | undefined {
  return schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : valuesOf(schema);
}

export const preserves = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;
export const isEmbedded = (schema: Schema): boolean => schema['x-kubernetes-embedded-resource'] === true;
export const isIntOrString = (schema: Schema): boolean => schema['x-kubernetes-int-or-string'] === true;

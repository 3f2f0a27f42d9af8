import { type FieldError, fieldErrors, type JsonObject, type JsonValue, type StructType, customType, within } from '@navarch/apimachinery';
import { type RuleTree, ruleTree } from '../rules/rule-tree';
import { validateRules } from '../rules/validate-rules';
import { withPlainLimits } from '../schema/plain-limits';
import { memberOf, preserves, type Schema } from '../schema/schema';
import { applyDefaults, dropStrayNulls } from '../value/defaulting';
import { validateEmbedded } from '../value/embedded';
import { type JsonPath, parseJsonPath } from '../value/json-path';
import { validateListTypes } from '../value/lists';
import { prune } from '../value/pruning';
import { type ScalePaths, validateScale } from '../value/scale';
import { validateValue } from '../value/validate-value';
import type { CustomResourceDefinition, DefinitionVersion } from './types';

/** Is told how long rules take, in seconds. */
export interface RuleObserver {
  compiled(seconds: number): void;
  evaluated(seconds: number): void;
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

/** One version of a custom kind, with all that follows from its schema. */
export class CustomVersion {
  readonly name: string;
  readonly schema: Schema;
  readonly type: StructType;
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | undefined;
  /** By the name a field selector has for it: its path without the first dot. */
  readonly selectableFields: ReadonlyMap<string, JsonPath>;
  private rules: RuleTree | undefined | null = null;

  constructor(
    definition: CustomResourceDefinition,
    readonly version: DefinitionVersion,
    private readonly objectMeta: StructType,
    private readonly observer?: RuleObserver,
  ) {
    this.name = version.name;
    // The API's type of a schema is a struct of Go; what it holds is JSON.
    this.schema = withPlainLimits((version.schema?.openAPIV3Schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }) as unknown as Schema);
    this.type = customType({ kind: definition.spec.names.kind, schema: this.schema as unknown as JsonObject, objectMeta });
    const { subresources, selectableFields = [] } = version;
    this.hasStatus = subresources?.status !== undefined;
    this.scale = subresources?.scale && {
      specReplicas: stepsOf(subresources.scale.specReplicasPath), statusReplicas: stepsOf(subresources.scale.statusReplicasPath),
      labelSelector: subresources.scale.labelSelectorPath ? stepsOf(subresources.scale.labelSelectorPath) : undefined,
    };
    this.selectableFields = new Map(selectableFields.map(({ jsonPath }) => [jsonPath.replace(/^\./, ''), parseJsonPath(jsonPath)] as const));
  }

  /** Fills in defaults. Changes the object. */
  applyDefaults(object: JsonObject): void {
    applyDefaults(object, this.schema);
    dropStrayNulls(object, this.schema);
  }

  /** Takes away what the schema does not name. @returns the paths of what went */
  prune(object: JsonObject): string[] {
    return prune(object, this.schema, { objectMeta: this.objectMeta });
  }

  /**
   * What is wrong with an object, metadata aside; what an update leaves as it was is let be, with a warning where it breaks a rule in CEL.
   * @param written of a status alone only the status is held to its schema, and named from there on, as upstream does it (validator.go, ValidateStatusUpdate)
   */
  validate(object: JsonObject, old?: JsonObject, written: Written = '', warn?: (text: string) => void): FieldError[] {
    const found = written === 'status' ? this.statusErrors(object, old) : validateValue(object, this.schema, '', old);
    const unscalable = this.scale ? validateScale(object, this.scale, written === 'status') : [];
    const errors = [...found, ...unscalable, ...validateEmbedded(object, this.schema), ...validateListTypes(object, this.schema, old)];
    if (this.rules === null) {
      const started = performance.now();
      this.rules = ruleTree(this.schema, true);
      if (this.rules) this.observer?.compiled(secondsSince(started));
    }
    if (!this.rules) return errors;
    if (errors.some(({ type }) => COUNTED_ON.has(type))) {
      return [
        ...errors,
        fieldErrors.invalid(
          '',
          null,
          'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
        ),
      ];
    }
    const started = performance.now();
    const broken = validateRules(object, this.rules, old, warn);
    this.observer?.evaluated(secondsSince(started));
    return [...errors, ...broken];
  }

  /** Whether objects of this version can have a field, such as `spec.list[0].name`. */
  knows(field: string): boolean {
    let at: Schema | undefined = this.schema;
    for (const step of field.split(/\.|(?=\[)/)) {
      if (at === undefined || preserves(at)) break;
      at = step.startsWith('[') ? at.items : memberOf(at, step);
    }
    return at !== undefined;
  }

  private statusErrors({ status }: JsonObject, old: JsonObject | undefined): FieldError[] {
    const schema = this.schema.properties?.['status'];
    if (status === undefined || schema === undefined) return [];
    return validateValue(status, schema, '', old?.['status']).map((error) => within('status', error));
  }
}

/** What a request writes: the object, or its status. */
export type Written = '' | 'status';

/** What rules may count on, so that they are not asked where it does not hold (strategy.go, hasBlockingErr). */
const COUNTED_ON: ReadonlySet<string> = new Set<FieldError['type']>(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);

/** `.spec.replicas` → its steps. */
function stepsOf(path: string): readonly string[] {
  return path.split('.').filter((step) => step !== '');
}

/** The scalar at a path, as field selectors compare it; empty when there is none. */
export function textAt(object: JsonValue, path: JsonPath): string {
  const [value] = path(object);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : '';
}

import { type FieldError, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import { mostInRequest, STATIC_RULE_LIMIT, STATIC_SCHEMA_LIMIT } from '@navarch/cel';
import type { Surroundings } from '../schema/check-default';
import { followFieldPath } from '../schema/field-path';
import { isIntOrString, type Schema, type ValidationRule, valuesOf } from '../schema/schema';
import { type CompiledRule, compileRules } from './compile-rules';

// Mirrors the part of staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation that looks at rules.

/** How often values of a place may occur in one object, and whether one can be told again in the next version of it. */
export interface Place {
  /** Undefined where a list or map around it has no limit: then as often as one request has room for it. */
  readonly occurrences: number | undefined;
  /** Where the history ends: in lists whose items have no keys. */
  readonly uncorrelated: string | undefined;
  /** In or below the kind and the metadata of an object, which have a type already: an object with nothing but a value there. */
  readonly surroundings?: Surroundings;
  /** Why there may be no defaults. */
  readonly noDefaults?: string;
}

export const ROOT: Place = { occurrences: 1, uncorrelated: undefined };

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const HINT = '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

function factor(cost: number, limit: number): string {
  const times = cost / limit;
  if (times > 100) return 'more than 100x';
  // Else a budget would be exceeded 1.0 times.
  return `${times.toFixed(times < 1.5 ? 6 : 1)}x`;
}

/** The place of the items of a list, or of the values of a map. */
export function placeBelow(place: Place, schema: Schema, path: FieldPath): Place {
  const most = schema.type === 'array' ? schema.maxItems : schema.maxProperties;
  const keyed = schema.type === 'object' || schema['x-kubernetes-list-type'] === 'map';
  return {
    ...place,
    occurrences: place.occurrences === undefined || most === undefined ? undefined : place.occurrences * Math.max(0, most),
    uncorrelated: place.uncorrelated ?? (keyed ? undefined : path.toString()),
  };
}

/** Gathers what all rules of a schema may cost. */
export class RuleCosts {
  private total = 0;
  private readonly costly: { readonly path: FieldPath; readonly cost: number }[] = [];

  add(path: FieldPath, cost: number): void {
    this.total += cost;
    this.costly.push({ path, cost });
  }

  /** Complaints about the sum: with those that contribute most. */
  errors(root: FieldPath): FieldError[] {
    if (this.total <= STATIC_SCHEMA_LIMIT) return [];
    const most = this.costly.filter(({ cost }) => cost >= STATIC_SCHEMA_LIMIT * 0.01).sort((a, b) => b.cost - a.cost).slice(0, 4);
    return [
      ...most.map(({ path }) => fieldErrors.forbidden(path, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema')),
      fieldErrors.forbidden(root, `x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of ${factor(this.total, STATIC_SCHEMA_LIMIT)} ${HINT}`),
    ];
  }
}

/** What is wrong with the rules of one place of a schema before anybody reads their expressions. */
export function checkRuleTexts(schema: Schema, path: FieldPath): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, i) => checkText(rule, schema, path.child('x-kubernetes-validations').index(i)));
}

/** Whether CEL has a type for what a schema describes, as upstream's SchemaDeclType: it has none for what says no type, and so for lists and maps of that. */
function hasCelType(schema: Schema | undefined): boolean {
  if (schema === undefined) return false;
  if (isIntOrString(schema)) return true;
  if (schema.type === 'array') return hasCelType(schema.items);
  return schema.type === 'object' ? valuesOf(schema) === undefined || hasCelType(valuesOf(schema)) : (schema.type ?? '') !== '';
}

const NO_TYPE = 'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';

/** What is wrong with the expressions of one place, and what they may cost. */
export function checkRules(schema: Schema, isResource: boolean, path: FieldPath, place: Place, costs: RuleCosts): FieldError[] {
  const at = path.child('x-kubernetes-validations');
  if ((schema['x-kubernetes-validations'] ?? []).length > 0 && !isResource && !hasCelType(schema)) return [fieldErrors.internal(at, NO_TYPE)];
  const occurrences = place.occurrences ?? mostInRequest(schema);
  return compileRules(schema, isResource).flatMap((compiled, i) => checkCompiled(compiled, at.index(i), { ...place, occurrences }, costs));
}

function checkText({ rule = '', message, messageExpression, reason, fieldPath }: ValidationRule, schema: Schema, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const trimmed = message?.trim() ?? '';
  if (rule.trim() === '') errors.push(fieldErrors.required(path.child('rule'), 'rule is not specified'));
  else if (message !== undefined && message !== '' && trimmed === '') errors.push(fieldErrors.invalid(path.child('message'), message, 'must be non-empty if specified'));
  else if (hasNewlines(trimmed)) errors.push(fieldErrors.invalid(path.child('message'), message, 'must not contain line breaks'));
  else if (hasNewlines(rule.trim()) && trimmed === '') errors.push(fieldErrors.required(path.child('message'), 'message must be specified if rule contains line breaks'));
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(fieldErrors.required(path.child('messageExpression'), 'messageExpression must be non-empty if specified'));
  }
  if (reason !== undefined && reason !== '' && !REASONS.includes(reason)) errors.push(fieldErrors.notSupported(path.child('reason'), reason, REASONS));
  if (fieldPath === undefined || fieldPath === '') return errors;
  if (fieldPath.trim() === '') errors.push(fieldErrors.invalid(path.child('fieldPath'), fieldPath, 'must be non-empty if specified'));
  if (hasNewlines(fieldPath)) errors.push(fieldErrors.invalid(path.child('fieldPath'), fieldPath, 'must not contain line breaks'));
  if (typeof followFieldPath(fieldPath, schema, true) === 'string') errors.push(fieldErrors.invalid(path.child('fieldPath'), fieldPath, 'must be a valid path'));
  return errors;
}

const hasNewlines = (text: string): boolean => /[\r\n]/.test(text);

/** A rule as upstream shows it: its own type, whose members have Go's names. */
const shown = ({ rule = '', message = '', messageExpression = '', reason, fieldPath = '', optionalOldSelf }: ValidationRule): object =>
  ({ Rule: rule, Message: message, MessageExpression: messageExpression, Reason: reason ?? null, FieldPath: fieldPath, OptionalOldSelf: optionalOldSelf ?? null });

function checkCompiled(compiled: CompiledRule, path: FieldPath, place: Place & { readonly occurrences: number }, costs: RuleCosts): FieldError[] {
  const { rule, program, error, message, messageError, cost, messageCost, isTransition } = compiled;
  const errors: FieldError[] = [];
  if (!program) errors.push(fieldErrors.invalid(path.child('rule'), shown(rule), error ?? ''));
  else errors.push(...checkCost(cost * place.occurrences, path.child('rule'), 'rule', costs));
  if (messageError !== undefined) errors.push(fieldErrors.invalid(path.child('messageExpression'), shown(rule), messageError));
  // However often it may be needed, upstream counts it once.
  else if (message) errors.push(...checkCost(messageCost, path.child('messageExpression'), 'messageExpression', costs));
  if (isTransition && place.uncorrelated !== undefined) {
    errors.push(
      fieldErrors.invalid(path.child('rule'), rule.rule, `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelated}`),
    );
  }
  if (program && !isTransition && rule.optionalOldSelf !== undefined) {
    errors.push(fieldErrors.invalid(path.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'));
  }
  return errors;
}

function checkCost(cost: number, path: FieldPath, what: string, costs: RuleCosts): FieldError[] {
  costs.add(path, cost);
  if (cost <= STATIC_RULE_LIMIT) return [];
  return [fieldErrors.forbidden(path, `estimated ${what} cost exceeds budget by factor of ${factor(cost, STATIC_RULE_LIMIT)} ${HINT}`)];
}

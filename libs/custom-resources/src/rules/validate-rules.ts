import { type FieldError, fieldErrors, isJsonObject, type JsonValue } from '@navarch/apimachinery';
import { type Activation, CostExceeded, EvalError, fromJson, Optional, type Program, RUNTIME_BUDGET, type Value } from '@navarch/cel';
import { oldItems, oldMember, unchanged } from '../value/correlate';
import { memberPath } from '../value/member-path';
import { join, jsonType } from '../value/validate-value';
import type { CompiledRule } from './compile-rules';
import type { RuleTree } from './rule-tree';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go.

const MAX_MESSAGE_BYTES = 5 * 1024;
const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run';

/**
 * Evaluates all rules on an object, within upstream's budget. What an update leaves as it was may go on breaking them, unless they
 * are about the change itself: `warn` is told.
 * @param path where the value stands
 */
export function validateRules(value: JsonValue, tree: RuleTree, old?: JsonValue, warn: (text: string) => void = () => undefined, path = ''): FieldError[] {
  const walk = new RuleWalk(warn);
  walk.visit(value, tree, path, old, false);
  return walk.errors;
}

class RuleWalk {
  readonly errors: FieldError[] = [];
  private budget = RUNTIME_BUDGET;
  private over = false;

  constructor(private readonly warn: (text: string) => void) {}

  /** @param within what stayed as it was as a whole, and so does all in it, whether it has a history of its own or not */
  visit(value: JsonValue, tree: RuleTree, path: string, old: JsonValue | undefined, within: boolean): void {
    // Nulls and wrong types are for the schema to refuse.
    if (value === null || this.over) return;
    if (tree.schema.type !== undefined && tree.schema.type !== jsonType(value) && !(tree.schema.type === 'number' && jsonType(value) === 'integer')) return;
    const same = within || unchanged(value, old);
    for (const rule of tree.rules) this.apply(rule, value, tree, path, old, same);
    if (Array.isArray(value) && tree.items) {
      const before = oldItems(old, tree.schema);
      for (const [i, item] of value.entries()) this.visit(item, tree.items, `${path}[${i}]`, before(item), same);
    }
    if (!isJsonObject(value)) return;
    for (const name of Object.keys(value)) {
      const below = tree.properties.get(name) ?? (tree.schema.properties?.[name] === undefined ? tree.values : undefined);
      if (below) this.visit(value[name] ?? null, below, memberPath(path, name, tree.schema), oldMember(old, name), same);
    }
  }

  private apply(compiled: CompiledRule, value: JsonValue, tree: RuleTree, path: string, old: JsonValue | undefined, same: boolean): void {
    const { rule, program, error, isTransition } = compiled;
    if (this.over) return;
    const type = tree.schema.type ?? '';
    if (!program) {
      this.errors.push(fieldErrors.invalid(path, type, `rule compile error: ${error ?? ''}`));
      return;
    }
    if (isTransition && old === undefined && rule.optionalOldSelf !== true) return;
    const activation = activationOf(value, old, tree, rule.optionalOldSelf === true);
    const text = rule.message === undefined || rule.message === '' ? (rule.rule ?? '').trim() : rule.message.trim();
    try {
      if (this.evaluate(program, activation) === true) return;
      const failure = failureOf(compiled, join(path, rule.fieldPath?.replace(/^\./, '') ?? '').replace(/\.$/, ''), value, this.messageFor(compiled, activation));
      if (same && !isTransition) this.warn(failure.message);
      else this.errors.push(failure);
    } catch (failure) {
      if (failure instanceof CostExceeded) {
        this.over = true;
        const why = this.budget <= 0 ? OUT_OF_BUDGET : `'${failure.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`;
        this.errors.push(fieldErrors.invalid(path, type, why));
      } else if (failure instanceof EvalError) this.errors.push(fieldErrors.invalid(path, type, runtimeError(failure.message, text)));
      else throw failure;
    }
  }

  /** @throws EvalError, CostExceeded */
  private evaluate(program: Program, activation: Activation): Value {
    const spent = this.budget;
    try {
      const { value, cost } = program.evaluate(activation, this.budget);
      this.budget -= cost;
      return value;
    } catch (error) {
      if (error instanceof CostExceeded && spent <= 1_000_000) this.budget = 0;
      throw error;
    }
  }

  private messageFor({ rule, message }: CompiledRule, activation: Activation): string {
    const fallback = rule.message === undefined || rule.message === '' ? `failed rule: ${(rule.rule ?? '').trim()}` : rule.message.trim();
    if (!message) return fallback;
    try {
      const text = this.evaluate(message, activation);
      if (typeof text !== 'string' || text.trim() === '' || text.includes('\n') || Buffer.byteLength(text) > MAX_MESSAGE_BYTES) return fallback;
      return text.trim();
    } catch (error) {
      // A message that cannot be made does not hide what it is about.
      if (error instanceof EvalError) return fallback;
      throw error;
    }
  }
}

function activationOf(value: JsonValue, old: JsonValue | undefined, { schema, isResource }: RuleTree, optional: boolean): Activation {
  return (name) => {
    if (name === 'self') return fromJson(value, schema, isResource);
    if (name !== 'oldSelf') return undefined;
    const before = old === undefined ? undefined : fromJson(old, schema, isResource);
    return optional ? new Optional(before) : before;
  };
}

function runtimeError(message: string, rule: string): string {
  if (message.startsWith('no such overload')) return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${rule}`;
  return `${message} evaluating rule: ${rule}`;
}

/** Objects and lists say nothing in a message: only scalars are shown. */
function failureOf({ rule }: CompiledRule, path: string, value: JsonValue, message: string): FieldError {
  const isScalar = typeof value !== 'object';
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return fieldErrors.forbidden(path, message);
    case 'FieldValueRequired':
      return fieldErrors.required(path, message);
    case 'FieldValueDuplicate':
      return isScalar ? fieldErrors.duplicate(path, value) : fieldErrors.duplicateUnnamed(path);
    default:
      return isScalar ? fieldErrors.invalid(path, value, message) : fieldErrors.invalidUnnamed(path, message);
  }
}

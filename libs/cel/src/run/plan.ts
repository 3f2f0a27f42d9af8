import type { Checked } from '../check/check';
import { memberAt, optionalAt, requiredAt, strayKey } from '../functions/member-at';
import { isOf, type Overload, sizeOf } from '../functions/overload';
import { compilePattern } from '../functions/regex';
import type { CallExpr, Expr, IdentExpr, ListExpr, MapExpr, SelectExpr, StructExpr } from '../syntax/expr';
import { ProgramError } from '../syntax/source-error';
import { EvalError, noSuchOverload } from '../values/eval-error';
import { ArrayList, HashMap, isMap, Optional, TypeValue, Uint, type Value } from '../values/value';
import { planFold } from './fold';
import { lookUp, type Plan } from './run';

// What things cost mirrors cel-go's common/cost.go.
const LOOK_COST = 1;
const LIST_COST = 10;
const MAP_COST = 30;
const STRUCT_COST = 40;

/** Turns a checked expression into functions. */
export function planOf(checked: Checked): Plan {
  const plan = (expr: Expr): Plan => {
    switch (expr.kind) {
      case 'const': {
        const { type, value } = expr.literal;
        const literal = type === 'uint' ? new Uint(value) : value;
        return () => literal;
      }
      case 'ident':
        return planName(expr, checked);
      case 'select':
        return checked.nameOf(expr) === undefined ? planSelect(expr, plan(expr.operand)) : planName(expr, checked);
      case 'call':
        return planCall(expr, checked, plan);
      case 'list':
        return planList(expr, plan);
      case 'map':
        return planMap(expr, plan);
      case 'struct':
        return planStruct(expr, plan);
      case 'fold':
        return planFold(expr, plan);
    }
  };
  return plan(checked.expr);
}

function planName(expr: IdentExpr | SelectExpr, checked: Checked): Plan {
  const name = checked.nameOf(expr) ?? '';
  const type = checked.typeOf(expr);
  const bound = expr.kind === 'ident' && !expr.name.startsWith('.');
  return (run, frame) => {
    run.charge(LOOK_COST);
    const local = bound ? lookUp(frame, name) : undefined;
    const found = local === undefined ? run.activation(name) : local;
    if (found !== undefined) return found;
    if (type.kind === 'type') return new TypeValue(name);
    throw new EvalError(`no such attribute(s): ${name}`);
  };
}

/** A member of a map or a declared object; undefined when it is missing, as are all of what has no members. @throws EvalError for a list */
function member(value: Value, field: string): Value | undefined {
  return isMap(value) && value.field ? value.field(field) : memberAt(value, field);
}

function planSelect({ field, test, optional }: SelectExpr, operand: Plan): Plan {
  return (run, frame) => {
    const value = operand(run, frame);
    // Upstream has it that has() costs nothing of its own.
    if (!test) run.charge(LOOK_COST);
    if (optional || value instanceof Optional) {
      const inner = value instanceof Optional ? value.value : value;
      const found = inner === undefined ? undefined : member(inner, field);
      if (test) return found !== undefined;
      return found === undefined ? Optional.none : new Optional(found);
    }
    const found = member(value, field);
    if (test) return found !== undefined;
    if (found === undefined) throw new EvalError(`no such key: ${field}`);
    return found;
  };
}

function planCall(expr: CallExpr, checked: Checked, plan: (expr: Expr) => Plan): Plan {
  const { name, target, args } = expr;
  const plans = args.map(plan);
  const [first, second, third] = plans;
  if (first && second && (name === '_&&_' || name === '_||_')) return planLogic(first, second, name === '_||_');
  if (first && second && third && name === '_?_:_') return (run, frame) => (bool(first(run, frame)) ? second : third)(run, frame);
  if (first && second && (name === '_[_]' || name === '_[?_]')) return planIndex(first, second, args[1], name === '_[?_]');
  const overloads = checked.overloadsOf(expr);
  const pattern = PATTERNS.has(name) ? args[target ? 0 : 1] : undefined;
  if (pattern?.kind === 'const' && pattern.literal.type === 'string') requirePattern(pattern.literal.value);
  const all = target && checked.nameOf(expr) === undefined ? [plan(target), ...plans] : plans;
  return (run, frame) => {
    const values = all.map((each) => each(run, frame));
    const chosen = overloads.find(({ params }) => params.every((type, i) => isOf(values[i] ?? null, type)));
    if (!chosen) throw noSuchOverload();
    run.charge(costOf(chosen, values));
    return chosen.call(...values);
  };
}

const PATTERNS: ReadonlySet<string> = new Set(['find', 'findAll', 'matches']);

/** @throws ProgramError for a pattern that is written out and is none */
function requirePattern(text: string): void {
  try {
    compilePattern(text);
  } catch (error) {
    throw error instanceof EvalError ? new ProgramError(error.message) : error;
  }
}

/** The types of what is found at run time decide, not those that were declared. @throws ProgramError for a literal that can be no key */
function planIndex(container: Plan, key: Plan, literal: Expr | undefined, optional: boolean): Plan {
  const stray = literal?.kind === 'const' && literal.literal.type !== 'uint' ? strayKey(literal.literal.value) : undefined;
  if (stray !== undefined) throw new ProgramError(`invalid qualifier type: ${stray}`);
  return (run, frame) => {
    const [value, at] = [container(run, frame), key(run, frame)];
    run.charge(LOOK_COST);
    return optional || value instanceof Optional ? optionalAt(value, at) : requiredAt(value, at);
  };
}

function costOf({ cost }: Overload, values: readonly Value[]): number {
  return cost ? Math.max(1, cost(...values.map(sizeOf))) : 1;
}

export function bool(value: Value): boolean {
  if (typeof value !== 'boolean') throw noSuchOverload();
  return value;
}

/** `||` and `&&`: an error on one side does not matter if the other side decides. */
function planLogic(left: Plan, right: Plan, decisive: boolean): Plan {
  return (run, frame) => {
    let failed: EvalError | undefined;
    try {
      if (bool(left(run, frame)) === decisive) return decisive;
    } catch (error) {
      if (!(error instanceof EvalError)) throw error;
      failed = error;
    }
    if (bool(right(run, frame)) === decisive) return decisive;
    if (failed) throw failed;
    return !decisive;
  };
}

/** Undefined for an optional element that is absent. */
function element(value: Value, optional: boolean): Value | undefined {
  if (!optional) return value;
  if (!(value instanceof Optional)) throw noSuchOverload();
  return value.value;
}

function planList({ elements }: ListExpr, plan: (expr: Expr) => Plan): Plan {
  const plans = elements.map(({ value, optional }) => ({ value: plan(value), optional }));
  return (run, frame) => {
    run.charge(LIST_COST);
    const values = plans.map(({ value, optional }) => element(value(run, frame), optional));
    return new ArrayList(values.filter((value) => value !== undefined));
  };
}

function planMap({ entries }: MapExpr, plan: (expr: Expr) => Plan): Plan {
  const plans = entries.map(({ key, value, optional }) => ({ key: plan(key), value: plan(value), optional }));
  return (run, frame) => {
    run.charge(MAP_COST);
    const made = new HashMap();
    for (const { key, value, optional } of plans) {
      const name = key(run, frame);
      if (name instanceof Uint8Array) throw new EvalError('internal error: runtime error: hash of unhashable type types.Bytes');
      // Of entries with the same key the last one counts, be it absent.
      made.set(name, element(value(run, frame), optional));
    }
    return made;
  };
}

function planStruct({ fields, typeName }: StructExpr, plan: (expr: Expr) => Plan): Plan {
  const plans = fields.map(({ name, value, optional }) => ({ name, value: plan(value), optional }));
  return (run, frame) => {
    run.charge(STRUCT_COST);
    const made: (readonly [Value, Value])[] = [];
    for (const { name, value, optional } of plans) {
      const found = element(value(run, frame), optional);
      if (found !== undefined) made.push([name, found]);
    }
    return new HashMap(made, typeName);
  };
}
